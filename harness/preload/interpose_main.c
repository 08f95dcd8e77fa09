/*
 * How a Criterion binary becomes ours: its main, or where it has one of its own the function that
 * runs all tests, is found here first.
 *
 * Without the runner's environment everything is handed through to libcriterion.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/options.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/preload/preload.h"

/* Weak: tools that start the binary load us, too, and have no libcriterion. */
#pragma weak criterion_initialize
#pragma weak criterion_finalize

struct hn_preload hn_preload = {.control_fd = -1};

void *hn_real(const char *name)
{
    void *real = dlsym(RTLD_NEXT, name);

    if (!real) {
        (void)fprintf(stderr, "assay: this binary's libcriterion has no %s\n", name);
        _exit(3);
    }
    return real;
}

/* Children of tests must not find the runner. */
void hn_environment_clean(void)
{
    const char *before = getenv(HN_WIRE_PRELOAD_ENV);

    if (before && *before)
        (void)setenv("LD_PRELOAD", before, 1);
    else
        (void)unsetenv("LD_PRELOAD");
    (void)unsetenv(HN_WIRE_PRELOAD_ENV);
    (void)unsetenv(HN_WIRE_FD_ENV);
    (void)unsetenv(HN_WIRE_ENGINE_ENV);
    (void)unsetenv(HN_WIRE_PAGE_ENV);
}

/* Nor a worker's environment of Criterion's, should one have started us. */
static void clean_criterions(void)
{
    (void)unsetenv("BXFI_MAP");
    (void)unsetenv("GMON_OUT_PREFIX");
}

static pid_t first_pid;

/* Before the binary's own constructors, which may start processes. Those of its libraries have run:
 * what they opened is theirs. */
__attribute__((constructor)) static void look_around(void)
{
    const char *fd = getenv(HN_WIRE_FD_ENV);
    const char *engine = getenv(HN_WIRE_ENGINE_ENV);

    if (getenv("BXFI_MAP") && getenv(HN_WIRE_PAGE_ENV))
        hn_worker_find();
    if (!fd || getenv("BXFI_MAP") || !dlsym(RTLD_DEFAULT, "criterion_initialize"))
        return; /* on our own, in a worker of Criterion's engine, or in a tool that starts it */
    first_pid = getpid();
    hn_preload.control_fd = atoi(fd);
    (void)fcntl(hn_preload.control_fd, F_SETFD, FD_CLOEXEC);
    if (engine && strcmp(engine, "criterion") == 0) {
        /* Workers are this binary executed again: they keep the environment, but for the socket. */
        hn_preload.mode = HN_MODE_CRITERION;
        (void)unsetenv(HN_WIRE_FD_ENV);
        return;
    }
    hn_preload.mode = HN_MODE_FORK;
    hn_environment_clean();
    clean_criterions();
}

/* One that waits to be reaped is not. */
static bool is_alive(pid_t pid)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    bool alive = end.fd >= 0 && poll(&end, 1, 0) == 0;

    if (end.fd >= 0)
        (void)close(end.fd);
    return alive;
}

/* Constructors forked, and all came back: the runner started the first one, while it lives. The
 * group does not tell: criterion_initialize gives each a group of its own. */
static void end_stray(void)
{
    if (getpid() == first_pid || !is_alive(first_pid))
        return;
    (void)fprintf(stderr, "assay: a constructor forked, and its child came to main, too: it ends "
                          "here\n");
    _exit(0);
}

static int run_all(struct criterion_test_set *set)
{
    end_stray();
    if (hn_preload.mode == HN_MODE_CRITERION)
        return hn_native_run(set);
    hn_zygote_serve(set);
    return 1;
}

HN_INTERPOSE int criterion_run_all_tests(struct criterion_test_set *set)
{
    int (*real)(struct criterion_test_set *);

    if (hn_preload.mode == HN_MODE_OFF) {
        *(void **)&real = hn_real("criterion_run_all_tests");
        return real(set);
    }
    return run_all(set);
}

HN_INTERPOSE int main(int argc, char **argv)
{
    int (*real)(int, char **);

    if (hn_preload.mode == HN_MODE_OFF) {
        *(void **)&real = hn_real("main");
        return real(argc, argv);
    }
    struct criterion_test_set *set = criterion_initialize();
    int ok = run_all(set);
    criterion_finalize(set);
    return !ok;
}
