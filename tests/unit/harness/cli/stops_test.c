/* SPDX-License-Identifier: MIT */
#include "harness/cli/stops.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static bool is_asked(void)
{
    struct pollfd stop = {.fd = hn_stops_fd(), .events = POLLIN};

    return poll(&stop, 1, 0) == 1;
}

Test(stops, nothing_is_asked_before_a_signal_comes)
{
    struct pf_err err;

    cr_assert_eq(hn_stops_fd(), -1);
    cr_assert(hn_stops_catch(HN_STOPS_MORE_WAIT, &err));
    cr_assert(!is_asked());
}

Test(stops, each_of_three_signals_asks)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct pf_err err;

    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        cr_assert(hn_stops_catch(HN_STOPS_MORE_WAIT, &err));
        cr_assert(!is_asked());
        (void)raise(signals[i]);
        cr_assert(is_asked());
    }
}

Test(stops, a_stop_can_be_asked_without_a_signal)
{
    struct pf_err err;

    cr_assert(hn_stops_catch(HN_STOPS_MORE_LEAVE, &err));
    hn_stops_ask();
    hn_stops_ask();
    cr_assert(is_asked());
    (void)raise(SIGINT); /* the first signal all the same */
}

Test(stops, the_third_signal_leaves_at_once, .exit_code = 128 + SIGINT)
{
    struct pf_err err;

    cr_assert(hn_stops_catch(HN_STOPS_MORE_LEAVE, &err));
    (void)raise(SIGINT);
    (void)raise(SIGTERM);
    cr_assert(is_asked());
    (void)raise(SIGTERM);
    cr_assert_fail("the third signal was outlived");
}

/* Waits for the alarm of the second signal; Criterion's own limit ends it if that never comes. */
Test(stops, the_second_signal_leaves_after_a_while, .exit_code = 128 + SIGINT, .timeout = 30)
{
    struct pf_err err;

    cr_assert(hn_stops_catch(HN_STOPS_MORE_LEAVE, &err));
    (void)raise(SIGINT);
    (void)raise(SIGINT);
    for (;;)
        (void)pause();
}

Test(stops, where_a_terminal_waits_more_signals_change_nothing)
{
    struct pf_err err;

    cr_assert(hn_stops_catch(HN_STOPS_MORE_WAIT, &err));
    for (int i = 0; i < 5; i++)
        (void)raise(SIGINT);
    cr_assert(is_asked());
}

Test(stops, nohup_is_heeded)
{
    struct pf_err err;

    (void)signal(SIGHUP, SIG_IGN);
    cr_assert(hn_stops_catch(HN_STOPS_MORE_LEAVE, &err));
    (void)raise(SIGHUP);
    cr_assert(!is_asked());
}
