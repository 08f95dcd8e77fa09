/*
 * Rules met by many threads, in forked children, and in a signal handler. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample_conn.h"

enum { THREADS = 4, CALLS = 5000 };

static void *write_often(void *failures)
{
    for (int i = 0; i < CALLS; i++)
        *(long *)failures += conn_write_all(-1, "x", 1) != 0;
    return NULL;
}

static long run_threads(void)
{
    pthread_t threads[THREADS];
    long failures[THREADS] = {0}, sum = 0;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_often, &failures[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += failures[i];
    }
    return sum;
}

Test(threads, every_call_is_answered_and_logged)
{
    mock_write(.ret = 1);
    cr_assert_eq(run_threads(), 0);
    cr_assert_eq(write_calls(), THREADS * CALLS);
    cr_assert_eq(write_call(THREADS * CALLS - 1)->seq, THREADS * CALLS);
}

Test(threads, a_count_is_shared_exactly)
{
    fail_write(.err = EIO, .times = 777);
    mock_write(.ret = 1);
    cr_assert_eq(run_threads(), 777);
}

Test(threads, a_rule_of_one_thread_is_not_met_by_others)
{
    mock_write(.ret = 1, .thread = (pid_t)syscall(SYS_gettid));
    fail_write(.err = EIO);
    cr_assert_eq(run_threads(), THREADS * CALLS);
    cr_assert_eq(conn_write_all(-1, "x", 1), 0);
}

Test(threads, a_forked_child_keeps_the_rules)
{
    int status = -1;

    mock_write(.ret = 1);
    pid_t child = fork();
    if (child == 0)
        _exit(conn_write_all(-1, "x", 1) == 0 ? 0 : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(conn_write_all(-1, "x", 1), 0);
}

enum { FORKS = 200, MOST_CALLS = 400000 }; /* of a thread: the log has room */

static atomic_bool writes_on;

static void *write_on(void *failures)
{
    for (int i = 0; writes_on && i < MOST_CALLS; i++)
        *(long *)failures += conn_write_all(-1, "x", 1) != 0;
    return NULL;
}

/* A child that waits for a lock nobody holds any more is ended by its alarm. */
static bool child_writes(void)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        alarm(10);
        _exit(conn_write_all(-1, "x", 1) == 0 && write_calls() > 0 ? 0 : 1);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

/* At any moment of a fork some other thread holds the runtime's lock. */
Test(threads, children_forked_among_calls_go_on)
{
    pthread_t threads[2];
    long failures[2] = {0};

    mock_write(.ret = 1);
    writes_on = true;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, write_on, &failures[i]);
    for (int i = 0; i < FORKS; i++)
        cr_assert(child_writes(), "child %d", i);
    writes_on = false;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(failures[i], 0);
    }
}

static volatile sig_atomic_t handled;

static void write_in_handler(int signal)
{
    int saved = errno;

    (void)signal;
    (void)conn_write_all(-1, "x", 1); /* may be the real one: see docs/mocks.md on handlers */
    handled++;
    errno = saved;
}

Test(threads, a_signal_handler_that_calls_it_does_not_deadlock)
{
    mock_write(.ret = 1);
    signal(SIGALRM, write_in_handler);
    struct itimerval often = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &often, NULL);
    while (handled < 200)
        (void)conn_write_all(-1, "x", 1);
    often = (struct itimerval){0};
    setitimer(ITIMER_REAL, &often, NULL);
}
