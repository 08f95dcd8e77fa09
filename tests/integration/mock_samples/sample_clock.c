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
