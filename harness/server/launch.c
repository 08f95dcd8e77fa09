/* SPDX-License-Identifier: MIT */
#include "harness/server/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTEN_FD = 3, SAFE_FD = 64 };

static void reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_environment(const struct hn_launch *what)
{
    static char listen_pid[32];

    for (char *const *entry = what->env; *entry; entry++) {
        if (strchr(*entry, '='))
            (void)putenv(*entry);
        else
            (void)unsetenv(*entry);
    }
    if (what->listen_fd < 0)
        return;
    (void)snprintf(listen_pid, sizeof listen_pid, "LISTEN_PID=%d", getpid());
    (void)putenv(listen_pid);
    (void)putenv((char *)(uintptr_t) "LISTEN_FDS=1");
    (void)putenv((char *)(uintptr_t) "LISTEN_FDNAMES=assay");
}

/* Descriptors 0, 1, 2 and perhaps 3; whatever else is open closes at exec. */
static bool place_descriptors(const struct hn_launch *what, int *report_fd)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int output = fcntl(what->output_fd, F_DUPFD_CLOEXEC, SAFE_FD);
    int listener = what->listen_fd < 0 ? -1 : fcntl(what->listen_fd, F_DUPFD_CLOEXEC, SAFE_FD);
    int report = fcntl(*report_fd, F_DUPFD_CLOEXEC, SAFE_FD);

    if (report < 0)
        return false;
    *report_fd = report;
    unsigned first = what->listen_fd < 0 ? LISTEN_FD : LISTEN_FD + 1;
    return null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0
           && dup2(output, STDERR_FILENO) >= 0 && (listener < 0 || dup2(listener, LISTEN_FD) >= 0)
           && syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
}

/* Debian's servers lie where an ordinary user's PATH does not lead. */
static void execute_sbin(char *const *argv)
{
    static const char *const places[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};
    char path[PATH_MAX];

    for (unsigned i = 0; i < sizeof places / sizeof *places && errno == ENOENT; i++)
        if (snprintf(path, sizeof path, "%s/%s", places[i], argv[0]) < (int)sizeof path)
            (void)execv(path, argv);
}

static void execute(char *const *argv)
{
    (void)execvp(argv[0], argv);
    if (errno == ENOENT && !strchr(argv[0], '/'))
        execute_sbin(argv);
}

static void become(const struct hn_launch *what, pid_t parent, int report_fd)
{
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    reset_signals();
    set_environment(what);
    if (place_descriptors(what, &report_fd) && chdir(what->dir) == 0)
        execute(what->argv);
    int why = errno;
    (void)!write(report_fd, &why, sizeof why);
    _exit(127);
}

bool hn_launch(pid_t *pid, const struct hn_launch *what, struct pf_err *err)
{
    int report[2];
    int why = 0;
    pid_t parent = getpid();

    if (pipe2(report, O_CLOEXEC) != 0)
        return pf_err_sys(err, errno, "pipe");
    pid_t child = fork();
    if (child == 0)
        become(what, parent, report[1]);
    int fork_errno = errno;
    (void)close(report[1]);
    if (child < 0) {
        (void)close(report[0]);
        return pf_err_sys(err, fork_errno, "fork");
    }

    ssize_t got;
    do
        got = read(report[0], &why, sizeof why);
    while (got < 0 && errno == EINTR);
    (void)close(report[0]);
    if (got == sizeof why) {
        (void)waitpid(child, NULL, 0);
        return pf_err_sys(err, why, "%s: cannot be started (in %s)", what->argv[0], what->dir);
    }
    *pid = child;
    return true;
}
