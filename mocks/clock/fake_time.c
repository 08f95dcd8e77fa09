/*
 * Telling the time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

time_t mk_fake_time(time_t *out)
{
    time_t now = (time_t)(mk_clock_wall_ns() / mk_ns_per_s);

    if (out)
        *out = now;
    return now;
}

int mk_fake_clock_gettime(clockid_t clock, struct timespec *out)
{
    if (!mk_clock_is_virtual(clock))
        return (int)syscall(SYS_clock_gettime, clock, out);
    *out = mk_timespec_of(mk_clock_read(clock));
    return 0;
}

int mk_fake_gettimeofday(struct timeval *out, void *zone)
{
    struct timespec now = mk_timespec_of(mk_clock_wall_ns());

    if (zone)
        *(struct timezone *)zone = (struct timezone){0};
    if (out)
        *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

int mk_fake_timespec_get(struct timespec *out, int base)
{
    if (base != TIME_UTC)
        return 0;
    *out = mk_timespec_of(mk_clock_wall_ns());
    return base;
}
