/*
 * The fake clock beside threads that are not at rest: it waits for them. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/mock_clock.h>
#include <criterion/criterion.h>

#include "sample_peers.h"

enum { REQUESTS = 300, SHORT_WORK = 1000, LONG_WORK = 20000000 };

static int unanswered(int requests)
{
    int count = 0;

    for (int i = 0; i < requests; i++)
        count += !peers_echo_ask(5000);
    return count;
}

Test(clock_peers, an_answer_on_its_way_comes_before_any_timeout)
{
    clock_fake(.mono_ms = 1000);
    peers_echo_start(SHORT_WORK);
    cr_expect_eq(unanswered(REQUESTS), 0);
    cr_expect_eq(clock_now_ms(), 1000);
    peers_echo_stop();
}

Test(clock_peers, an_answer_that_takes_work_too)
{
    clock_fake(.mono_ms = 1000);
    peers_echo_start(LONG_WORK);
    cr_expect_eq(unanswered(3), 0);
    cr_expect_eq(clock_now_ms(), 1000);
    peers_echo_stop();
}

Test(clock_peers, a_thread_that_knows_no_clock_holds_it_while_it_computes)
{
    clock_fake(.mono_ms = 1000);
    cr_expect_eq(peers_wait_for_work(SHORT_WORK, -1), 1);
    cr_expect_eq(peers_wait_for_work(LONG_WORK, -1), 1);
    cr_expect_eq(peers_wait_for_work(LONG_WORK, 5000), 1);
    cr_expect_eq(clock_now_ms(), 1000);
}

Test(clock_peers, a_signal_is_taken_before_an_advance)
{
    clock_fake(.mono_ms = 1000);
    peers_consumer_start();
    cr_assert(clock_await(1));
    peers_consumer_signal(0);
    clock_advance_ms(9999);
    cr_expect_eq(peers_consumer_signals(), 1);
    cr_expect_eq(peers_consumer_timeouts(), 0);
    peers_consumer_signal(0);
    cr_expect(clock_await(1));
    cr_expect_eq(peers_consumer_signals(), 2);
    clock_advance_ms(10000);
    cr_expect_eq(peers_consumer_timeouts(), 1);
    peers_consumer_join();
}

/* A waiter looks at the clock every few ms: it finds the lock taken, and is signalled meanwhile. */
Test(clock_peers, a_signal_that_finds_the_waiter_at_the_lock_is_not_lost)
{
    clock_fake(.mono_ms = 1000);
    peers_consumer_start();
    cr_assert(clock_await(1));
    peers_consumer_signal(LONG_WORK);
    cr_expect(clock_await(1));
    cr_expect_eq(peers_consumer_signals(), 1);
    clock_advance_ms(20000);
    cr_expect_eq(peers_consumer_timeouts(), 2);
    peers_consumer_join();
}

Test(clock_peers, an_advance_waits_for_a_thread_just_started)
{
    clock_fake(.mono_ms = 1000);
    peers_consumer_start();
    clock_advance_ms(10000);
    cr_expect_eq(peers_consumer_timeouts(), 1);
    clock_advance_ms(20000);
    cr_expect_eq(peers_consumer_timeouts(), 3);
    peers_consumer_join();
}

Test(clock_peers, who_waits_for_the_lock_of_a_condition_can_still_signal_it)
{
    clock_fake(.mono_ms = 1000);
    cr_expect(peers_wait_for_who_waits());
}

/* The test's thread is at rest as well: nobody but the clock can go on. */
Test(clock_peers, who_waits_for_a_sleeper_lets_the_time_pass)
{
    clock_fake(.mono_ms = 1000);
    peers_lock_behind_sleeper();
    cr_expect_eq(clock_now_ms(), 6000);
    peers_join_sleeper(700);
    cr_expect_eq(clock_now_ms(), 6700);
}

Test(clock_peers, a_timer_nobody_waits_for_passes_in_one_step)
{
    clock_fake(.mono_ms = 1000);
    int fd = peers_timer(1);
    clock_advance_ms(3600 * 1000);
    cr_expect_eq(peers_expirations(fd), 3600 * 1000);
    clock_advance_ms(1);
    cr_expect_eq(peers_expirations(fd), 1);
}
