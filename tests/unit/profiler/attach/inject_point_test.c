/*
 * Where a thread may be borrowed, and where not: by what its stack holds, in processes made for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/attach/inject_point.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/inject.h"
#include "profiler/attach/inject_apart.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"

enum { SOON_MS = 1000, LONG_MS = 600000, STOPS_MAX = 16 };

static int ready[2]; /* from the target */

static void say_ready(void)
{
    (void)!write(ready[1], "", 1);
}

static void serve_for_ever(void)
{
    struct epoll_event event;
    int fd = epoll_create1(0);

    say_ready();
    for (;;)
        (void)epoll_wait(fd, &event, 1, -1);
}

static void spin_for_ever(void)
{
    say_ready();
    for (volatile uint64_t i = 0;; i++)
        continue;
}

static void on_signal(int number)
{
    (void)number;
    serve_for_ever();
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

    (void)sigaction(SIGUSR1, &action, NULL);
}

/* As a worker that was forked in a handler stands: served from there, for good. */
static void serve_in_handler(void)
{
    handle(0);
    (void)raise(SIGUSR1);
}

static int raise_in_comparison(const void *left, const void *right)
{
    (void)left;
    (void)right;
    (void)raise(SIGUSR1);
    return 0;
}

static int spin_in_comparison(const void *left, const void *right)
{
    spin_for_ever();
    return left < right;
}

/* A function of libc that calls back, and no sanitizer's. */
static void search_with(int (*compare)(const void *, const void *))
{
    int numbers[8] = {0};
    size_t count = 8;

    (void)lfind(numbers, numbers, &count, sizeof numbers[0], compare);
}

static void serve_in_handler_inside_libc(void)
{
    handle(0);
    search_with(raise_in_comparison);
}

static void spin_inside_libc(void)
{
    search_with(spin_in_comparison);
}

static void serve_on_alternate_stack(void)
{
    static char room[64 * 1024];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};

    (void)sigaltstack(&stack, NULL);
    handle(SA_ONSTACK);
    (void)raise(SIGUSR1);
}

static void wait_for_work(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t work = PTHREAD_COND_INITIALIZER;

    (void)pthread_mutex_lock(&lock);
    say_ready();
    for (;;)
        (void)pthread_cond_wait(&work, &lock);
}

static pid_t start_target(void (*body)(void))
{
    char byte;

    cr_assert_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        _exit(1);
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    return pid;
}

static void end_target(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ended by itself: %x", status);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static struct pf_inject request_for(pid_t pid, unsigned timeout_ms)
{
    return (struct pf_inject){.pid = pid,
                              .library = INJECT_PROBE,
                              .entry = "inject_probe_entry",
                              .text = "2",
                              .timeout_ms = timeout_ms};
}

static void expect_borrowed(void (*body)(void))
{
    pid_t pid = start_target(body);
    struct pf_inject request = request_for(pid, 20 * SOON_MS);
    struct pf_injection done = {0};
    struct pf_err err = {0};

    for (unsigned round = 0; round < 5; round++)
        cr_assert(pf_inject(&request, &done, &err), "%s", err.text);
    end_target(pid);
}

/* The number before a word of the message: how many stops it took. */
static unsigned stops_told(const char *text)
{
    const char *at = strstr(text, " ms (");

    return at ? (unsigned)atoi(at + strlen(" ms (")) : 0;
}

static void expect_refused(void (*body)(void), enum pf_err_code code, const char *words)
{
    pid_t pid = start_target(body);
    struct pf_inject request = request_for(pid, SOON_MS);
    struct pf_injection done = {0};
    struct pf_err err = {0};

    cr_expect_not(pf_inject(&request, &done, &err));
    cr_expect_eq(err.code, code);
    cr_expect_not_null(strstr(err.text, words), "%s", err.text);
    cr_expect_leq(stops_told(err.text), STOPS_MAX, "%s", err.text);
    end_target(pid);
}

Test(inject_point, a_worker_that_lives_in_a_handler_can_be_borrowed)
{
    expect_borrowed(serve_in_handler);
}

Test(inject_point, a_thread_that_waits_for_work_can_be_borrowed)
{
    expect_borrowed(wait_for_work);
}

Test(inject_point, a_handler_that_interrupted_libc_is_refused_for_good)
{
    expect_refused(serve_in_handler_inside_libc, PF_ERR_UNSUPPORTED,
                   "in a signal handler that interrupted libc");
}

Test(inject_point, a_handler_on_a_stack_of_its_own_is_refused_for_good)
{
    expect_refused(serve_on_alternate_stack, PF_ERR_UNSUPPORTED, "on a stack of its own");
}

Test(inject_point, a_thread_inside_libc_is_asked_less_and_less_often)
{
    expect_refused(spin_inside_libc, PF_ERR_LIMIT, "inside libc or the loader");
}

static bool is_in_state(pid_t pid, char state)
{
    struct pf_proc_stat stat;

    return pf_proc_stat_read(&stat, pid, 0) && stat.state == state;
}

Test(inject_point, a_stopped_process_is_refused_and_stays_stopped)
{
    pid_t pid = start_target(serve_for_ever);
    struct pf_inject request = request_for(pid, SOON_MS);
    uint64_t deadline_ns = pf_clock_now_ns() + LONG_MS * 1000000ull;
    struct pf_injection done = {0};
    struct pf_err err = {0};

    (void)kill(pid, SIGSTOP);
    while (!is_in_state(pid, 'T') && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(1);
    cr_expect_not(pf_inject(&request, &done, &err));
    cr_expect_not_null(strstr(err.text, "it is stopped"), "%s", err.text);
    cr_expect(is_in_state(pid, 'T'));
    (void)kill(pid, SIGCONT);
    cr_expect(pf_inject(&request, &done, &err), "%s", err.text);
    end_target(pid);
}

Test(inject_point, a_cancelled_search_ends_long_before_its_time)
{
    pid_t pid = start_target(spin_inside_libc);
    struct pf_inject request = request_for(pid, LONG_MS);
    struct pf_inject_apart apart = {.result_fd = -1};
    struct pf_injection done = {0};
    struct pf_err err = {0};

    cr_assert(pf_inject_apart_begin(&apart, &request, NULL, 0, &err), "%s", err.text);
    pf_inject_apart_cancel(&apart);
    cr_expect_not(pf_inject_apart_end(&apart, &done, &err));
    cr_expect_eq(err.code, PF_ERR_INTERRUPTED);
    end_target(pid);
}
