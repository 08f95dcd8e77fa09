/* SPDX-License-Identifier: MIT */
#include "profiler/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/clock.h"

enum { PIPE_READ, PIPE_WRITE };

static void close_fd(int *fd)
{
    if (*fd > 0)
        (void)close(*fd);
    *fd = -1;
}

/* Child side, after fork: only async-signal-safe calls, but for the environment (we have one
 * thread's worth of it and are about to exec). Reports errno of what went wrong on exec_fd. */
static void place_fd(int from, int to)
{
    if (from > 0 && from != to)
        (void)dup2(from, to);
}

static void change_variable(const char *text)
{
    if (strchr(text, '='))
        (void)putenv((char *)(uintptr_t)text);
    else
        (void)unsetenv(text);
}

static void change_environment(const struct pf_spawn *spec)
{
    for (const char *const *at = spec->more_env; at && *at; at++)
        change_variable(*at);
    for (unsigned i = 0; i < PF_SPAWN_ENV_MAX && spec->env[i]; i++)
        change_variable(spec->env[i]);
}

uint64_t pf_spawn_ignored_now(void)
{
    uint64_t ignored = 0;
    struct sigaction action;

    for (int sig = 1; sig < NSIG; sig++)
        if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            ignored |= UINT64_C(1) << (sig - 1);
    return ignored;
}

static void reset_signals(uint64_t ignored)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, ignored >> (sig - 1) & 1 ? SIG_IGN : SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const struct pf_spawn *spec, pid_t parent, int hold_fd)
{
    char byte;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    if (!spec->same_group)
        (void)setpgid(0, 0);
    reset_signals(spec->ignored);
    if (hold_fd >= 0)
        (void)!read(hold_fd, &byte, 1);

    int null_fd = spec->stdin_fd > 0 || spec->keep_stdin ? -1 : open("/dev/null", O_RDONLY);
    place_fd(null_fd, STDIN_FILENO);
    place_fd(spec->stdin_fd, STDIN_FILENO);
    place_fd(spec->stdout_fd, STDOUT_FILENO);
    place_fd(spec->stderr_fd, STDERR_FILENO);
    if (null_fd > STDERR_FILENO)
        (void)close(null_fd);
    change_environment(spec);
    if (!spec->dir || chdir(spec->dir) == 0)
        (void)execvp(spec->argv[0], spec->argv);
}

static bool report_exec(struct pf_child *child, const char *name, struct pf_err *err)
{
    int why = 0;
    ssize_t got;

    do
        got = read(child->exec_fd, &why, sizeof why);
    while (got < 0 && errno == EINTR);
    close_fd(&child->exec_fd);
    if (got != sizeof why)
        return true;

    (void)pf_child_wait(child, UINT64_MAX);
    return pf_err_sys(err, why, "%s: cannot be started", name);
}

static bool open_pipes(int hold[2], int report[2], bool wants_hold, struct pf_err *err)
{
    if (pipe2(report, O_CLOEXEC) != 0)
        return pf_err_sys(err, errno, "pipe");
    if (wants_hold && pipe2(hold, O_CLOEXEC) != 0) {
        int why = errno;
        close_fd(&report[PIPE_READ]);
        close_fd(&report[PIPE_WRITE]);
        return pf_err_sys(err, why, "pipe");
    }
    return true;
}

bool pf_child_start(struct pf_child *out, const struct pf_spawn *spec, struct pf_err *err)
{
    int hold[2] = {-1, -1};
    int report[2] = {-1, -1};
    pid_t parent = getpid();

    if (!open_pipes(hold, report, spec->hold, err))
        return false;

    pid_t pid = fork();
    if (pid == 0) {
        close_fd(&hold[PIPE_WRITE]);
        become(spec, parent, hold[PIPE_READ]);
        int why = errno;
        (void)!write(report[PIPE_WRITE], &why, sizeof why);
        _exit(127);
    }
    int why = errno;
    close_fd(&hold[PIPE_READ]);
    close_fd(&report[PIPE_WRITE]);
    if (pid < 0) {
        close_fd(&hold[PIPE_WRITE]);
        close_fd(&report[PIPE_READ]);
        return pf_err_sys(err, why, "fork");
    }

    struct pf_child child = {
        .pid = pid, .release_fd = hold[PIPE_WRITE], .exec_fd = report[PIPE_READ]};
    child.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (!spec->same_group)
        (void)setpgid(pid, pid); /* both sides set it: neither may come too late */
    if (!spec->hold && !report_exec(&child, spec->argv[0], err)) {
        pf_child_fini(&child);
        return false;
    }
    *out = child;
    return true;
}

bool pf_child_release(struct pf_child *child, struct pf_err *err)
{
    close_fd(&child->release_fd);
    return report_exec(child, "command", err);
}

bool pf_child_wait(struct pf_child *child, uint64_t deadline_ns)
{
    if (child->reaped)
        return true;

    struct pollfd ended = {.fd = child->pidfd, .events = POLLIN};
    int timeout_ms = deadline_ns == UINT64_MAX ? -1 : pf_clock_left_ms(deadline_ns);
    while (poll(&ended, 1, timeout_ms) < 0 && errno == EINTR)
        timeout_ms = deadline_ns == UINT64_MAX ? -1 : pf_clock_left_ms(deadline_ns);

    pid_t got = waitpid(child->pid, &child->wait_status, timeout_ms < 0 ? 0 : WNOHANG);
    child->reaped = got == child->pid;
    return child->reaped;
}

int pf_child_exit_status(const struct pf_child *child)
{
    if (WIFSIGNALED(child->wait_status))
        return 128 + WTERMSIG(child->wait_status);
    return WEXITSTATUS(child->wait_status);
}

void pf_child_stop(struct pf_child *child, unsigned grace_ms)
{
    if (child->pid <= 0)
        return;
    if (!child->reaped) {
        (void)kill(-child->pid, SIGTERM);
        (void)pf_child_wait(child, pf_clock_now_ns() + (uint64_t)grace_ms * 1000000);
    }
    /* What it started and left behind still carries its group. */
    (void)kill(-child->pid, SIGKILL);
    if (!child->reaped)
        (void)pf_child_wait(child, UINT64_MAX);
    pf_child_fini(child);
}

void pf_child_fini(struct pf_child *child)
{
    close_fd(&child->pidfd);
    close_fd(&child->release_fd);
    close_fd(&child->exec_fd);
}
