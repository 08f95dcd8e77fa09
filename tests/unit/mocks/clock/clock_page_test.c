/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "mocks/clock/clock_priv.h"

static struct mk_clock_page page;

static void start(void)
{
    page.mono_ns = 5 * mk_ns_per_s;
    page.wall_minus_mono_ns = 100 * mk_ns_per_s;
    mk_clock_page = &page;
}

TestSuite(clock_page, .init = start);

Test(clock_page, clocks_are_offsets_of_one_time)
{
    cr_assert_eq(mk_clock_read(CLOCK_MONOTONIC), 5 * mk_ns_per_s);
    cr_assert_eq(mk_clock_read(CLOCK_REALTIME), 105 * mk_ns_per_s);
    cr_assert_eq(mk_clock_to_mono(CLOCK_REALTIME, 106 * mk_ns_per_s), 6 * mk_ns_per_s);
    cr_assert_not(mk_clock_is_virtual(CLOCK_PROCESS_CPUTIME_ID));
}

Test(clock_page, times_beyond_counting_are_never)
{
    struct timespec for_ever = {.tv_sec = INT64_MAX};

    cr_assert_eq(mk_ns_of(&for_ever), MK_NEVER);
    cr_assert_eq(mk_clock_deadline_after(MK_NEVER), MK_NEVER);
    cr_assert_eq(mk_clock_deadline_ms(-1), MK_NEVER);
    cr_assert_eq(mk_clock_deadline_ms(3), 5 * mk_ns_per_s + 3000000);
}

Test(clock_page, time_never_goes_back)
{
    mk_clock_move_to(mk_ns_per_s);
    cr_assert_eq(mk_clock_mono_ns(), 5 * mk_ns_per_s);
    mk_clock_move_to(7 * mk_ns_per_s);
    cr_assert_eq(mk_clock_mono_ns(), 7 * mk_ns_per_s);
    cr_assert_eq(page.moves, 2);
}

Test(clock_page, odd_times_are_refused)
{
    cr_assert_not(mk_timespec_is_valid(&(struct timespec){0, 1000000000}));
    cr_assert_not(mk_timespec_is_valid(&(struct timespec){-1, 0}));
    cr_assert(mk_timespec_is_valid(&(struct timespec){0, 999999999}));
}

Test(clock_page, spans_that_cannot_be_are_refused)
{
    int64_t span_ns = 7;

    cr_assert(mk_clock_span_ns(mk_ns_per_s, 0, &span_ns) && span_ns == 0);
    cr_assert(mk_clock_span_ns(mk_ns_per_s, 1500, &span_ns) && span_ns == 1500 * 1000000LL);
    cr_assert_not(mk_clock_span_ns(mk_ns_per_s, -1, &span_ns));
    cr_assert_not(mk_clock_span_ns(mk_ns_per_s, INT64_MAX, &span_ns));
    cr_assert_not(mk_clock_span_ns(INT64_MAX - 10, 1, &span_ns)); /* the sum */
}
