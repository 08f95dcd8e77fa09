/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mocks/clock/clock_priv.h"

enum { PATIENCE_MS = 20000 };

static struct mk_clock_page page;
static int pipes[2];
static _Atomic bool stop;
static _Atomic int unseen;

static void start(void)
{
    cr_assert_eq(pipe(pipes), 0);
}

TestSuite(clock_rest, .init = start);

static void note(int slot, int state)
{
    atomic_store(&page.slots[slot].process, getpid());
    atomic_store(&page.slots[slot].thread, (int)syscall(SYS_gettid));
    atomic_store(&page.slots[slot].state, state);
}

static void *sleep_really(void *unused)
{
    char byte;

    note(0, MK_SLOT_RUNNING);
    (void)!read(pipes[0], &byte, 1);
    return unused;
}

static void *spin(void *unused)
{
    note(1, MK_SLOT_RUNNING);
    while (!atomic_load(&stop))
        ;
    return unused;
}

static void *spin_unseen(void *unused)
{
    atomic_store(&unseen, (int)syscall(SYS_gettid));
    while (!atomic_load(&stop))
        ;
    return unused;
}

static void start_thread(pthread_t *thread, void *(*body)(void *), int slot)
{
    cr_assert_eq(pthread_create(thread, NULL, body, NULL), 0);
    while (slot >= 0 && atomic_load(&page.slots[slot].state) == MK_SLOT_FREE)
        (void)sched_yield();
}

/* Within ms: looks again and again, as those who settle do. */
static bool rests_within(int ms, int *busy)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)ms * MK_NS_PER_MS;
    struct mk_rest rest = {0};

    while (mk_clock_real_ns() < until_ns)
        if (mk_rest_all(&page, &rest, -1))
            return true;
    *busy = rest.busy_thread;
    return false;
}

Test(clock_rest, a_thread_that_sleeps_in_the_kernel_rests)
{
    pthread_t sleeper;
    int busy = -1;

    cr_assert(rests_within(PATIENCE_MS, &busy)); /* nobody is there */
    start_thread(&sleeper, sleep_really, 0);
    cr_assert(rests_within(PATIENCE_MS, &busy));
}

Test(clock_rest, a_thread_that_computes_does_not)
{
    pthread_t spinner;
    int busy = -1;

    start_thread(&spinner, spin, 1);
    cr_assert_not(rests_within(50, &busy));
    cr_assert_eq(busy, atomic_load(&page.slots[1].thread));
    atomic_store(&stop, true);
    pthread_join(spinner, NULL);
    cr_assert(rests_within(PATIENCE_MS, &busy));
}

/* Who sleeps may be woken by a thread that never waited by the clock. */
Test(clock_rest, one_that_sleeps_beside_one_that_runs_does_not)
{
    pthread_t sleeper, spinner;
    int busy = -1;

    start_thread(&sleeper, sleep_really, 0);
    start_thread(&spinner, spin_unseen, -1);
    cr_assert_not(rests_within(50, &busy));
    cr_assert_eq(busy, atomic_load(&unseen));
    atomic_store(&stop, true);
    pthread_join(spinner, NULL);
    cr_assert(rests_within(PATIENCE_MS, &busy));
}

Test(clock_rest, who_has_not_seen_the_time_does_not)
{
    int busy = -1;

    note(2, MK_SLOT_WAITING);
    cr_assert(rests_within(PATIENCE_MS, &busy));
    mk_page_move_to(&page, mk_ns_per_s);
    cr_assert_not(rests_within(10, &busy));
    cr_assert_eq(busy, (int)syscall(SYS_gettid));
}

/* Its slot says that it waits, but what it waits for has come. */
static void *wait_and_work(void *unused)
{
    char byte;

    note(4, MK_SLOT_WAITING);
    (void)!read(pipes[0], &byte, 1);
    while (!atomic_load(&stop))
        ;
    return unused;
}

Test(clock_rest, who_has_been_woken_does_not)
{
    pthread_t waiter;
    int busy = -1;

    start_thread(&waiter, wait_and_work, 4);
    cr_assert(rests_within(PATIENCE_MS, &busy));
    cr_assert_eq(write(pipes[1], "x", 1), 1);
    struct mk_rest rest = {0};
    cr_assert_not(mk_rest_all(&page, &rest, -1)); /* at once, whether it has run or not */
    cr_assert_eq(rest.busy_thread, atomic_load(&page.slots[4].thread));
    atomic_store(&stop, true);
    pthread_join(waiter, NULL);
}

Test(clock_rest, a_process_that_ended_and_was_not_waited_for_does)
{
    int busy = -1;
    siginfo_t info;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    note(3, MK_SLOT_RUNNING);
    atomic_store(&page.slots[3].process, child);
    atomic_store(&page.slots[3].thread, child);
    cr_assert(rests_within(PATIENCE_MS, &busy));
}
