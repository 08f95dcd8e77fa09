/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "mocks/clock/clock_priv.h"

static struct mk_clock_page page;

static void start(void)
{
    page.mono_ns = 5 * mk_ns_per_s;
    mk_clock_page = &page;
}

TestSuite(posix_timer, .init = start);

static struct sigevent counting = {.sigev_notify = SIGEV_NONE};

static timer_t set_timer(time_t value_s, time_t interval_s, int flags)
{
    const struct itimerspec wanted = {{interval_s, 0}, {value_s, 0}};
    timer_t timer = NULL;

    cr_assert_eq(mk_fake_timer_create(CLOCK_MONOTONIC, &counting, &timer), 0);
    cr_assert_eq(mk_fake_timer_settime(timer, flags, &wanted, NULL), 0);
    return timer;
}

static time_t left_of(timer_t timer)
{
    struct itimerspec left;

    cr_assert_eq(mk_fake_timer_gettime(timer, &left), 0);
    return left.it_value.tv_sec;
}

Test(posix_timer, is_due_at_its_time_and_no_more)
{
    timer_t timer = set_timer(3, 0, 0);

    cr_assert_eq(mk_posix_next_ns(), 8 * mk_ns_per_s);
    mk_clock_move_to(7 * mk_ns_per_s);
    cr_assert_eq(left_of(timer), 1);
    mk_clock_move_to(8 * mk_ns_per_s);
    cr_assert_eq(left_of(timer), 0);
    cr_assert_eq(mk_posix_next_ns(), MK_NEVER);
}

Test(posix_timer, absolute_times_and_intervals_hold)
{
    timer_t timer = set_timer(6, 4, TIMER_ABSTIME);

    mk_clock_move_to(15 * mk_ns_per_s); /* due at 6, 10, 14 */
    cr_assert_eq(left_of(timer), 3);
    cr_assert_eq(mk_posix_next_ns(), 18 * mk_ns_per_s);
}

Test(posix_timer, deleted_ones_and_nonsense_are_refused)
{
    struct sigevent odd = {.sigev_notify = 99}, no_signal = {.sigev_notify = SIGEV_SIGNAL};
    const struct itimerspec wrong = {{0, 0}, {0, 1000000000}};
    timer_t timer = set_timer(3, 0, 0), none;

    cr_assert(mk_fake_timer_settime(timer, 0, &wrong, NULL) == -1 && errno == EINVAL);
    cr_assert(mk_fake_timer_create(CLOCK_MONOTONIC, &odd, &none) == -1 && errno == EINVAL);
    cr_assert(mk_fake_timer_create(CLOCK_MONOTONIC, &no_signal, &none) == -1 && errno == EINVAL);
    cr_assert_eq(mk_fake_timer_delete(timer), 0);
    cr_assert_eq(mk_posix_next_ns(), MK_NEVER);
    cr_assert(mk_fake_timer_delete(timer) == -1 && errno == EINVAL);
    cr_assert(mk_fake_timer_gettime(timer, &(struct itimerspec){0}) == -1 && errno == EINVAL);
}

Test(posix_timer, there_is_an_end_of_them)
{
    timer_t timer;
    int made = 0;

    while (mk_fake_timer_create(CLOCK_MONOTONIC, &counting, &timer) == 0)
        made++;
    cr_assert_eq(errno, EAGAIN);
    cr_assert_geq(made, 256);
}

Test(posix_timer, one_of_cpu_time_is_libc_s)
{
    timer_t timer;

    cr_assert_eq(mk_fake_timer_create(CLOCK_PROCESS_CPUTIME_ID, &counting, &timer), 0);
    cr_assert_eq(mk_fake_timer_getoverrun(timer), 0);
    cr_assert_eq(mk_fake_timer_delete(timer), 0);
}
