/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mocks/clock/clock_priv.h"

enum { PATIENCE_MS = 20000 };

static int pipes[2];
static _Atomic int thread_id;
static _Atomic bool stop;

static void start(void)
{
    cr_assert_eq(pipe(pipes), 0);
}

TestSuite(clock_task, .init = start);

static void spin(void)
{
    while (!atomic_load(&stop))
        ;
}

static void read_pipe(void)
{
    char byte;
    (void)!read(pipes[0], &byte, 1);
}

static void poll_without_limit(void)
{
    struct pollfd ready = {.fd = pipes[0], .events = POLLIN};
    (void)poll(&ready, 1, -1);
}

static void poll_for_an_hour(void)
{
    struct pollfd ready = {.fd = pipes[0], .events = POLLIN};
    (void)poll(&ready, 1, 3600 * 1000);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock_mutex(void)
{
    (void)pthread_mutex_lock(&mutex);
}

static void lock_mutex_for_an_hour(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 3600;
    (void)pthread_mutex_timedlock(&mutex, &until);
}

static void sleep_an_hour(void)
{
    (void)sleep(3600);
}

static void *do_it(void *body)
{
    void (*call)(void) = *(void (**)(void))body;

    atomic_store(&thread_id, (int)syscall(SYS_gettid));
    call();
    return NULL;
}

static bool comes_to_sleep(int thread)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)PATIENCE_MS * MK_NS_PER_MS;

    /* "Sleeps" may be said on the way into the call, before it can be told. */
    while (mk_clock_real_ns() < until_ns) {
        char call[64] = "running";
        if (mk_task_sleeps(getpid(), thread)
            && mk_task_read(getpid(), thread, "syscall", call, sizeof call) && call[0] != 'r')
            return true;
        (void)sched_yield();
    }
    return false;
}

static int start_thread(void (**body)(void))
{
    pthread_t thread;

    atomic_store(&thread_id, 0);
    cr_assert_eq(pthread_create(&thread, NULL, do_it, body), 0);
    while (!atomic_load(&thread_id))
        (void)sched_yield();
    return atomic_load(&thread_id);
}

Test(clock_task, tells_who_sleeps_and_whether_time_will_end_it)
{
    static struct {
        void (*body)(void);
        bool endless;
    } ways[] = {{read_pipe, true},  {poll_without_limit, true}, {poll_for_an_hour, false},
                {lock_mutex, true}, {sleep_an_hour, false},     {lock_mutex_for_an_hour, false}};

    cr_assert_eq(pthread_mutex_lock(&mutex), 0);
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        int thread = start_thread(&ways[i].body);
        cr_assert(comes_to_sleep(thread), "%u", i);
        cr_expect_eq(mk_task_is_endless(getpid(), thread), ways[i].endless, "%u", i);
    }
}

Test(clock_task, who_computes_does_not_sleep)
{
    static void (*body)(void) = spin;
    int thread = start_thread(&body);
    uint64_t before = mk_process_activity(getpid());
    int64_t until_ns = mk_clock_real_ns() + (int64_t)PATIENCE_MS * MK_NS_PER_MS;

    cr_expect_not(mk_task_sleeps(getpid(), thread));
    cr_expect_not(mk_task_is_endless(getpid(), thread));
    while (mk_process_activity(getpid()) == before && mk_clock_real_ns() < until_ns)
        (void)sched_yield();
    cr_expect_gt(mk_process_activity(getpid()), before);
    atomic_store(&stop, true);
}

/* In a child: a runner may have threads of its own here. */
Test(clock_task, a_lonely_thread_has_computed_nothing_but_its_own)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(mk_task_is_alone() && mk_process_activity(getpid()) == 0
                      && mk_process_activity(getppid()) > 0
                  ? 0
                  : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
}

Test(clock_task, who_is_gone_sleeps)
{
    cr_expect(mk_task_sleeps(getpid(), 0x7ffffff0));
    cr_expect(mk_task_is_endless(getpid(), 0x7ffffff0));
}
