/*
 * The fake clock and threads: who wakes, what an advance waits for, odd arguments. Every one
 * passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/mock_clock.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample_timed.h"
#include "sample_waits.h"

enum { SLEEP = 0, POLL = 5 };

struct waiting {
    int way, ms;
    _Atomic bool ok, done;
};

static void *wait_once(void *arg)
{
    struct waiting *waiting = arg;

    waiting->ok = waits_wait(waiting->way, waiting->ms);
    waiting->done = true;
    return NULL;
}

Test(clock_threads, every_rarer_wait_takes_virtual_time)
{
    clock_fake(.mono_ms = 1000, .wall_ms = 1700000000000);
    for (const struct timed_way *way = timed_ways; way->name; way++) {
        int64_t before = clock_now_ms();
        cr_expect(way->wait(5000), "%s did not end as a timeout does", way->name);
        cr_expect_eq(clock_now_ms() - before, 5000, "%s took %lld", way->name,
                     (long long)(clock_now_ms() - before));
    }
}

static void *wait_timed(void *arg)
{
    const struct timed_way *way = arg;
    return way->wait(5000) ? arg : NULL;
}

Test(clock_threads, a_thread_in_a_rarer_wait_is_moved_by_the_test)
{
    clock_fake(.mono_ms = 1000);
    for (const struct timed_way *way = timed_ways; way->name; way++) {
        pthread_t thread;
        void *ok = NULL;

        if (way->by_signal)
            continue;
        cr_assert_eq(pthread_create(&thread, NULL, wait_timed, (void *)(uintptr_t)way), 0);
        cr_assert(clock_await(1), "%s never waits", way->name);
        clock_advance_ms(5000);
        pthread_join(thread, &ok);
        cr_expect(ok, "%s", way->name);
    }
}

Test(clock_threads, of_two_that_wait_the_nearer_wakes)
{
    struct waiting near = {.way = SLEEP, .ms = 5000}, far = {.way = POLL, .ms = 9000};
    pthread_t threads[2];

    clock_fake(.mono_ms = 1000);
    pthread_create(&threads[0], NULL, wait_once, &near);
    pthread_create(&threads[1], NULL, wait_once, &far);
    cr_assert(clock_await(2));
    clock_advance_ms(5000); /* exactly its deadline */
    pthread_join(threads[0], NULL);
    cr_expect(near.ok);
    cr_expect_not(far.done);
    clock_advance_ms(3999);
    cr_expect_not(far.done);
    clock_advance_ms(1);
    pthread_join(threads[1], NULL);
    cr_expect(far.ok);
}

static int pipes[2];

static void *read_really(void *arg)
{
    struct waiting *waiting = arg;
    char byte;

    waiting->ok = waits_wait(SLEEP, 1000) && read(pipes[0], &byte, 1) == 1;
    waiting->done = true;
    return NULL;
}

Test(clock_threads, an_advance_does_not_wait_for_a_thread_in_a_real_call)
{
    struct waiting waiting = {0};
    pthread_t thread;

    cr_assert_eq(pipe(pipes), 0);
    clock_fake(.mono_ms = 1000);
    pthread_create(&thread, NULL, read_really, &waiting);
    cr_assert(clock_await(1));
    for (int i = 0; i < 100; i++) /* each would take a second if it were waited for */
        clock_advance_ms(1000);
    cr_expect_not(waiting.done);
    cr_expect_eq(clock_now_ms(), 101000);
    cr_assert_eq(write(pipes[1], "x", 1), 1);
    pthread_join(thread, NULL);
    cr_expect(waiting.ok);
}

Test(clock_threads, nothing_is_passed_by_an_advance_of_nothing)
{
    struct waiting waiting = {.way = SLEEP, .ms = 1000};
    pthread_t thread;

    clock_fake(.mono_ms = 1000);
    pthread_create(&thread, NULL, wait_once, &waiting);
    cr_assert(clock_await(1));
    clock_advance_ms(0);
    cr_expect_not(waiting.done);
    cr_expect_eq(clock_now_ms(), 1000);
    clock_advance_ms(1000);
    pthread_join(thread, NULL);
}

Test(clock_threads, waits_of_no_time_and_of_all_time)
{
    clock_fake(.mono_ms = 1000);
    cr_expect(waits_wait(POLL, 0));
    cr_expect_eq(clock_now_ms(), 1000);
    clock_advance_ms(9000000000000); /* 285 years */
    cr_expect_eq(clock_now_ms(), 9000000001000);
}

Test(clock_threads, a_child_lives_by_its_own_copy)
{
    int status = -1;

    clock_fake(.mono_ms = 1000);
    pid_t child = fork();
    if (child == 0)
        _exit(waits_wait(SLEEP, 5000) && clock_now_ms() == 6000 ? 0 : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    cr_expect_eq(clock_now_ms(), 1000);
}
