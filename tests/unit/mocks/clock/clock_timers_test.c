/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "mocks/clock/clock_priv.h"

static struct mk_clock_page page;

static void start(void)
{
    page.mono_ns = 5 * mk_ns_per_s;
    mk_clock_page = &page;
}

TestSuite(clock_timers, .init = start);

static int set_timer(time_t value_s, time_t interval_s)
{
    const struct itimerspec spec = {{interval_s, 0}, {value_s, 0}};
    int fd = mk_fake_timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    cr_assert_eq(mk_fake_timerfd_settime(fd, 0, &spec, NULL), 0);
    return fd;
}

static uint64_t expired(int fd)
{
    uint64_t times = 0;
    return read(fd, &times, sizeof times) == sizeof times ? times : 0;
}

Test(clock_timers, expires_when_the_clock_passes_it)
{
    int fd = set_timer(2, 0);

    mk_clock_move_to(7 * mk_ns_per_s - 1);
    cr_assert_eq(expired(fd), 0);
    mk_clock_move_to(7 * mk_ns_per_s);
    cr_assert_eq(expired(fd), 1);
    cr_assert_eq(mk_timers_next_ns(), MK_NEVER);
}

Test(clock_timers, intervals_add_up_until_they_are_read)
{
    int fd = set_timer(1, 2);

    mk_clock_move_to(12 * mk_ns_per_s); /* due at 6, 8, 10, 12 */
    cr_assert_eq(expired(fd), 4);
    cr_assert_eq(expired(fd), 0);
    cr_assert_eq(mk_timers_next_ns(), 14 * mk_ns_per_s);
}

Test(clock_timers, setting_it_anew_forgets_what_expired)
{
    const struct itimerspec later = {{0, 0}, {100, 0}};
    struct itimerspec old;
    int fd = set_timer(1, 3);

    mk_clock_move_to(6 * mk_ns_per_s);
    cr_assert_eq(mk_fake_timerfd_settime(fd, 0, &later, &old), 0);
    cr_assert_eq(expired(fd), 0);
    cr_assert_eq(old.it_interval.tv_sec, 3);
    cr_assert_eq(old.it_value.tv_sec, 3);
    cr_assert_eq(mk_fake_timerfd_gettime(fd, &old), 0);
    cr_assert_eq(old.it_value.tv_sec, 100);
}

Test(clock_timers, a_number_given_out_again_is_never_written_to)
{
    int fd = set_timer(1, 1), pipes[2];
    char byte;

    cr_assert_eq(pipe2(pipes, O_NONBLOCK), 0);
    cr_assert_eq(dup2(pipes[1], fd), fd); /* closes the timer behind the number */
    mk_clock_move_to(100 * mk_ns_per_s);
    bool is_empty = read(pipes[0], &byte, 1) < 0 && errno == EAGAIN;
    cr_assert(is_empty);
}

Test(clock_timers, what_is_no_timer_is_refused)
{
    const struct itimerspec odd = {{0, 0}, {0, 1000000000}}, fine = {{0, 0}, {1, 0}};
    int fd = set_timer(1, 0);

    bool odd_is = mk_fake_timerfd_settime(fd, 0, &odd, NULL) < 0 && errno == EINVAL;
    bool stdin_is = mk_fake_timerfd_settime(0, 0, &fine, NULL) < 0 && errno == EINVAL;
    bool cpu_is = mk_fake_timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0) < 0 && errno == EINVAL;
    cr_assert(odd_is && stdin_is && cpu_is);
}
