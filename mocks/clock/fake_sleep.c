/*
 * Sleeping: waits that the clock alone ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

static int look_at_nothing(void *what, int wake_fd, int real_ms)
{
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    int got;

    (void)what;
    if (wake_fd < 0 && real_ms == 0)
        return 0;
    got = (int)syscall(SYS_poll, &wake, wake_fd < 0 ? 0 : 1, real_ms);
    return got < 0 ? -1 : 0;
}

/* 0, or an error number. */
static int sleep_until(int64_t deadline_ns)
{
    return mk_clock_wait(look_at_nothing, NULL, deadline_ns) < 0 ? errno : 0;
}

static void set_left(struct timespec *left, int64_t deadline_ns)
{
    int64_t ns = deadline_ns - mk_clock_mono_ns();

    if (left)
        *left = mk_timespec_of(ns > 0 ? ns : 0);
}

int mk_fake_clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                            struct timespec *left)
{
    if (!mk_clock_is_virtual(clock))
        return ENOTSUP;
    if (!mk_timespec_is_valid(wanted))
        return EINVAL;
    int64_t ns = mk_ns_of(wanted);
    bool absolute = flags & TIMER_ABSTIME;
    int64_t deadline_ns = absolute ? mk_clock_to_mono(clock, ns) : mk_clock_deadline_after(ns);
    int err = sleep_until(deadline_ns);
    if (err == EINTR && !absolute)
        set_left(left, deadline_ns);
    return err;
}

int mk_fake_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    int err = mk_fake_clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);

    if (!err)
        return 0;
    errno = err;
    return -1;
}

unsigned mk_fake_sleep(unsigned seconds)
{
    struct timespec wanted = {.tv_sec = (time_t)seconds}, left = {0};

    if (mk_fake_nanosleep(&wanted, &left) == 0)
        return 0;
    return (unsigned)left.tv_sec + (left.tv_nsec > 0);
}

int mk_fake_usleep(useconds_t usec)
{
    struct timespec wanted = mk_timespec_of((int64_t)usec * 1000);
    return mk_fake_nanosleep(&wanted, NULL);
}

/* 0; -1: a signal came; else another failure (C17, 7.26.5.7). */
int mk_fake_thrd_sleep(const struct timespec *wanted, struct timespec *left)
{
    int err = mk_fake_clock_nanosleep(CLOCK_REALTIME, 0, wanted, left);

    if (!err)
        return 0;
    return err == EINTR ? -1 : -2;
}

int mk_fake_pause(void)
{
    errno = sleep_until(MK_NEVER);
    return -1;
}
