/*
 * The fake clock, as a user writes tests with it. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/mock_clock.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_server.h"
#include "sample_waits.h"

Test(conn, idle_closed_after_60s)
{
    struct server s;
    int sv[2];

    clock_fake(.mono_ms = 1000);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    cr_assert(server_start(&s, 60000, 1000));
    server_adopt(&s, sv[0]);
    clock_advance_ms(59999);
    server_step(&s);
    cr_assert_eq(s.nconn, 1);
    clock_advance_ms(1);
    server_step(&s);
    cr_assert_eq(s.nconn, 0);
}

Test(conn, an_hour_of_ticks)
{
    struct server s;

    clock_fake(.mono_ms = 1000);
    cr_assert(server_start(&s, 60000, 1000));
    server_run(&s, 3600);
    cr_assert_eq(s.ticks, 3600);
    cr_assert_eq(clock_now_ms(), 1000 + 3600 * 1000);
}

static void *serve(void *arg)
{
    server_run(arg, 3600);
    return NULL;
}

Test(conn, a_server_thread_is_moved_by_the_test)
{
    struct server s;
    pthread_t thread;

    clock_fake(.mono_ms = 1000);
    cr_assert(server_start(&s, 60000, 1000));
    cr_assert_eq(pthread_create(&thread, NULL, serve, &s), 0);
    clock_advance_ms(1800 * 1000);
    clock_advance_ms(1800 * 1000);
    pthread_join(thread, NULL);
    cr_assert_eq(s.ticks, 3600);
}

Test(conn, data_wakes_a_wait_before_its_time)
{
    struct server s;
    int sv[2];

    clock_fake(.mono_ms = 1000);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    cr_assert(server_start(&s, 60000, 50000));
    server_adopt(&s, sv[0]);
    clock_advance_ms(40000);
    cr_assert_eq(write(sv[1], "x", 1), 1);
    server_step(&s);
    clock_advance_ms(40000);
    server_step(&s);
    cr_assert_eq(s.nconn, 1);
}

Test(waits, every_way_to_wait_takes_virtual_time)
{
    clock_fake(.mono_ms = 1000, .wall_ms = 1700000000000);
    cr_assert_eq(waits_time(), 1700000000);
    for (int way = 0; way < WAITS_COUNT; way++) {
        int64_t before = clock_now_ms();
        cr_assert(waits_wait(way, 5000), "way %d", way);
        cr_assert_eq(clock_now_ms() - before, 5000, "way %d took %lld", way,
                     (long long)(clock_now_ms() - before));
    }
    cr_assert_eq(waits_time(), 1700000000 + 5 * WAITS_COUNT);
}

struct waiting {
    int way;
    _Atomic bool ok, done;
};

static void *wait_once(void *arg)
{
    struct waiting *waiting = arg;

    waiting->ok = waits_wait(waiting->way, 5000);
    waiting->done = true;
    return NULL;
}

Test(waits, a_thread_waits_until_the_test_lets_time_pass)
{
    clock_fake(.mono_ms = 1000);
    for (int way = 0; way < WAITS_COUNT; way++) {
        struct waiting waiting = {.way = way};
        pthread_t thread;

        if (waits_by_signal(way))
            continue;
        pthread_create(&thread, NULL, wait_once, &waiting);
        cr_assert(clock_await(1), "way %d", way);
        clock_advance_ms(4999);
        cr_assert_not(waiting.done, "way %d", way);
        clock_advance_ms(1);
        pthread_join(thread, NULL);
        cr_assert(waiting.ok, "way %d", way);
    }
}

static void *wait_for_byte(void *arg)
{
    waits_for_byte(*(int *)arg);
    return NULL;
}

Test(waits, data_ends_a_thread_s_wait_at_once)
{
    clock_fake(.mono_ms = 1000);
    for (int way = 0; way < WAITS_FOR_BYTE_COUNT; way++) {
        pthread_t thread;

        waits_open();
        pthread_create(&thread, NULL, wait_for_byte, &way);
        cr_assert(clock_await(1));
        waits_send();
        pthread_join(thread, NULL);
        cr_assert_eq(clock_now_ms(), 1000);
    }
}
