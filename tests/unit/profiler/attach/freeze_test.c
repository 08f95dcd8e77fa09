/* SPDX-License-Identifier: MIT */
#include "profiler/attach/freeze.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/clock.h"

enum { THREADS = 20, STOPS = 20, EXIT_INTERRUPTED = 9 };
static const uint64_t ten_seconds_ns = 10000000000;

/* A server's heart: waits for events, and takes an interrupted wait for a fault. */
static void *wait_for_events(void *ready)
{
    struct epoll_event event;
    int fd = epoll_create1(0);
    char byte = 0;

    (void)!write(*(int *)ready, &byte, 1);
    if (epoll_wait(fd, &event, 1, -1) < 0 && errno == EINTR)
        _exit(EXIT_INTERRUPTED);
    return NULL;
}

static void be_server(int ready)
{
    pthread_t threads[THREADS - 1];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < THREADS - 1; i++)
        (void)pthread_create(&threads[i], NULL, wait_for_events, &ready);
    (void)wait_for_events(&ready);
    _exit(0);
}

static pid_t start_server(void)
{
    int fds[2];
    char byte;

    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0)
        be_server(fds[1]);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(read(fds[0], &byte, 1), 1);
    return pid;
}

static void end_server(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status), "the server ended by itself, status %d", WEXITSTATUS(status));
}

static struct pf_freeze stop(pid_t pid)
{
    struct pf_freeze freeze = {0};
    struct pf_err err = {0};

    cr_assert(pf_freeze_begin(&freeze, pid, pf_clock_now_ns() + ten_seconds_ns, &err), "%s",
              err.text);
    return freeze;
}

Test(freeze, every_thread_is_stopped_with_its_registers)
{
    pid_t pid = start_server();
    struct pf_freeze freeze = stop(pid);

    cr_assert_eq(freeze.count, THREADS);
    for (uint32_t i = 0; i < freeze.count; i++) {
        struct pf_regs regs;
        uint64_t word = 0;
        pf_tracee_regs(&freeze.threads[i], &regs);
        cr_assert(pf_tracee_read_word(&pid, regs.at[PF_REG_RSP], &word));
    }
    cr_assert_gt(pf_freeze_end(&freeze), 0);
    end_server(pid);
}

Test(freeze, waiting_threads_never_see_the_interruption)
{
    pid_t pid = start_server();
    uint32_t waiting = 0;

    for (int i = 0; i < STOPS; i++) {
        struct pf_freeze freeze = stop(pid);
        for (uint32_t t = 0; t < freeze.count; t++)
            waiting += pf_tracee_syscall(&freeze.threads[t]) == SYS_epoll_wait;
        (void)pf_freeze_end(&freeze);
    }

    cr_assert_gt(waiting, 0, "no stop met a thread in epoll_wait: nothing was shown");
    end_server(pid);
}

Test(freeze, signal_that_arrives_meanwhile_is_delivered_after)
{
    pid_t pid = start_server();
    int status = 0;

    struct pf_freeze freeze = stop(pid);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    (void)pf_freeze_end(&freeze);

    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

Test(freeze, process_that_does_not_exist_is_said_so)
{
    struct pf_freeze freeze = {0};
    struct pf_err err = {0};

    cr_assert_not(pf_freeze_begin(&freeze, 0x3ffffff, pf_clock_now_ns() + ten_seconds_ns, &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
}
