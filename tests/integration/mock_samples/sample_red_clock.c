/*
 * Red twins of the clock's examples: code that is wrong, and what no clock can do.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/mock_clock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

#include "sample_peers.h"
#include "sample_server.h"
#include "sample_waits.h"

/* The code is wrong: the connection is still open after 60 s */
Test(red, idle_connection_nobody_closes)
{
    struct server s;
    int sv[2];

    clock_fake(.mono_ms = 1000);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    cr_assert(server_start(&s, 60000, 1000));
    server_adopt(&s, sv[0]);
    clock_advance_ms(59999);
    server_step_carelessly(&s);
    cr_assert_eq(s.nconn, 1);
    clock_advance_ms(1);
    server_step_carelessly(&s);
    cr_assert_eq(s.nconn, 0, "still open after 60 s");
}

/* clock_fake: thread N waits for what can never come */
Test(red, wait_without_end)
{
    int err = 0;

    clock_fake();
    cr_expect_eq(waits_for_ever(&err), -1);
    cr_expect_eq(err, EDEADLK);
}

/* clock_advance_ms(-1): a clock does not go back */
Test(red, advance_backwards)
{
    clock_fake();
    (void)waits_time();
    clock_advance_ms(-1);
}

/* clock_advance_ms(9223372036854775807): further than 64 bits of nanoseconds reach */
Test(red, advance_beyond_counting)
{
    clock_fake();
    (void)waits_time();
    clock_advance_ms(INT64_MAX);
}

/* clock_advance_ms: the clock is real: clock_fake() comes first */
Test(red, advance_of_a_real_clock)
{
    (void)waits_time();
    clock_advance_ms(5);
}

/* clock_await: the clock is real: clock_fake() comes first */
Test(red, await_by_a_real_clock)
{
    (void)waits_time();
    (void)clock_await(1);
}

/* clock_fake: thread N waits, and the clock has stood for 300 ms, because thread N ... */
Test(red, wait_beside_one_that_never_rests)
{
    int err = 0;

    clock_fake(.hang_ms = 300);
    peers_spin_start();
    cr_expect_eq(waits_for_ever(&err), -1);
    cr_expect_eq(err, EDEADLK);
    peers_spin_stop();
}

/* clock_advance_ms: thread N (mock_red_clock) does not come to rest, for 300 ms now */
Test(red, advance_beside_one_that_never_rests)
{
    clock_fake(.mono_ms = 1000, .hang_ms = 300);
    peers_spin_start();
    clock_advance_ms(5000);
    cr_expect_eq(clock_now_ms(), 6000);
    peers_spin_stop();
}

/* clock_fake: thread N waits for what can never come */
Test(red, signal_that_nobody_can_send)
{
    clock_fake();
    cr_expect_eq(peers_wait_for_signal(), EDEADLK);
}

Test(red, post_that_nobody_can_make)
{
    clock_fake();
    cr_expect_eq(peers_wait_for_post(), EDEADLK);
}

/* The other, whose stack is asked for, waits on until it is woken. */
Test(red, wait_of_two_without_end)
{
    clock_fake();
    cr_expect_eq(peers_both_wait_for_ever(), EDEADLK, "the other's wait ended");
}

Test(red, end_that_cannot_come)
{
    clock_fake();
    cr_expect_eq(peers_wait_for_end(), EDEADLK);
}
