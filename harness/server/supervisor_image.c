/* SPDX-License-Identifier: MIT */
#include "harness/server/supervisor_image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/server/server_wire.h"
#include "profiler/base/arena.h"
#include "profiler/base/file.h"

__asm__(".pushsection .rodata.hn_supervisor_image, \"a\", @progbits\n"
        ".balign 16\n"
        ".globl hn_supervisor_image\n.hidden hn_supervisor_image\n"
        "hn_supervisor_image: .incbin \"" HN_SUPERVISOR_PATH "\"\n"
        ".globl hn_supervisor_image_end\n.hidden hn_supervisor_image_end\n"
        "hn_supervisor_image_end: .byte 0\n"
        ".popsection\n");

extern const char hn_supervisor_image[];
extern const char hn_supervisor_image_end[];

enum { ENV_MAX = 4096, SAFE_FD = 64, EXECUTABLE_MEMFD = 0x10 /* MFD_EXEC */ };

/*
 * Our environment without what belongs to the test runner: a Criterion or Assay process started by
 * the server must not take itself for a test worker (BXFI_MAP), counters of gprof stay apart.
 */
static bool is_runners(const char *entry)
{
    static const char *const names[] = {
        "BXFI_MAP=",       "GMON_OUT_PREFIX=", "LISTEN_FDS=", "LISTEN_PID=",
        "LISTEN_FDNAMES=", "NOTIFY_SOCKET=",   "CRITERION_",  NULL};

    for (unsigned i = 0; names[i]; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Ours for the test binary alone; the agent is for servers, too, and does nothing uninvited. */
static bool is_for_tests(const char *object, size_t size)
{
    return memmem(object, size, "libassay-", 9) && !memmem(object, size, "libassay-agent", 14);
}

/* LD_PRELOAD without what the runner put there for tests; the user's own stays. */
static char *clean_preload(const char *entry)
{
    const char *from = strchr(entry, '=') + 1;
    struct pf_buf out = {0};

    pf_buf_put_str(&out, "LD_PRELOAD=");
    size_t empty = out.size;
    while (*from) {
        size_t length = strcspn(from, ": ");
        if (length > 0 && !is_for_tests(from, length)) {
            pf_buf_put_str(&out, out.size > empty ? ":" : "");
            pf_buf_put(&out, from, length);
        }
        from += length;
        from += *from != '\0';
    }
    char *kept = out.size > empty ? strdup(pf_buf_cstr(&out)) : NULL;
    pf_buf_fini(&out);
    return kept;
}

/* *preload is the one entry that is not environ's: to be freed with the list. */
static char **clean_environment(char **preload)
{
    char **env = pf_mem_new(ENV_MAX + 1, sizeof *env);
    unsigned count = 0;

    *preload = NULL;
    for (char **entry = environ; *entry && count < ENV_MAX; entry++) {
        if (!*preload && strncmp(*entry, "LD_PRELOAD=", 11) == 0) {
            *preload = clean_preload(*entry);
            if (*preload)
                env[count++] = *preload;
        } else if (!is_runners(*entry)) {
            env[count++] = *entry;
        }
    }
    return env;
}

/* In the child: only async-signal-safe calls, for the test may have threads. */
static void become(const int *fds, char *const *argv, char *const *env)
{
    sigset_t none;
    int null_fd;

    for (int i = 0; i < HN_FIRST_FREE_FD - HN_CONTROL_FD; i++)
        if (dup2(fds[i], HN_CONTROL_FD + i) < 0)
            _exit(126);
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < HN_CONTROL_FD; fd++)
        (void)dup2(null_fd, fd);
    (void)syscall(SYS_close_range, HN_FIRST_FREE_FD, ~0u, 0);
    (void)setsid();
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve("/proc/self/fd/6", argv, env);
    _exit(127);
}

/* Away from the numbers they shall be given, so that no dup2 closes one still needed. */
static bool move_up(int *fds, size_t count, struct pf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD);
        if (fds[i] >= 0)
            continue;
        int why = errno;
        while (i-- > 0)
            (void)close(fds[i]);
        return pf_err_sys(err, why, "descriptors for the server's supervisor");
    }
    return true;
}

static int open_image(struct pf_err *err)
{
    /* cppcheck-suppress comparePointers ; two marks in one section */
    size_t size = (size_t)(hn_supervisor_image_end - hn_supervisor_image);
    struct pf_bytes image = {hn_supervisor_image, size};
    /* With vm.memfd_noexec=1 only what asks for it may run (Linux 6.3; EINVAL before). */
    int fd = memfd_create("assay-supervisor", MFD_CLOEXEC | EXECUTABLE_MEMFD);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("assay-supervisor", MFD_CLOEXEC);
    if (fd < 0) {
        (void)pf_err_sys(err, errno, "memfd for the server's supervisor");
        return -1;
    }
    if (!pf_file_write_fd(fd, image, "the server's supervisor", err)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool hn_supervisor_spawn(pid_t *pid, int control_fd, int shared_fd, int spec_fd, struct pf_err *err)
{
    enum { FDS = HN_FIRST_FREE_FD - HN_CONTROL_FD };
    char test[16];
    char *argv[] = {(char *)(uintptr_t) "assay-supervisor", test, NULL};
    int image_fd = open_image(err);
    int fds[FDS] = {control_fd, shared_fd, spec_fd, image_fd};

    if (image_fd < 0)
        return false;
    bool ok = move_up(fds, FDS, err);
    (void)close(image_fd);
    if (!ok)
        return false;

    (void)snprintf(test, sizeof test, "%d", getpid());
    char *preload;
    char **env = clean_environment(&preload);
    pid_t child = fork();
    if (child == 0)
        become(fds, argv, env);
    int fork_errno = errno;
    for (int i = 0; i < FDS; i++)
        (void)close(fds[i]);
    free(env);
    free(preload);
    if (child < 0)
        return pf_err_sys(err, fork_errno, "fork of the server's supervisor");
    *pid = child;
    return true;
}
