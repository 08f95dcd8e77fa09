/*
 * Times and spans as numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

int64_t mk_ns_of(const struct timespec *time)
{
    int64_t ns;

    if (__builtin_mul_overflow((int64_t)time->tv_sec, mk_ns_per_s, &ns)
        || __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns))
        return MK_NEVER;
    return ns;
}

struct timespec mk_timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / mk_ns_per_s, .tv_nsec = ns % mk_ns_per_s};
}

bool mk_timespec_is_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < mk_ns_per_s;
}

int64_t mk_clock_real_ns(void)
{
    struct timespec now = {0};

    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return mk_ns_of(&now);
}

bool mk_clock_span_ns(int64_t now_ns, int64_t ms, int64_t *span_ns)
{
    int64_t until_ns;

    return ms >= 0 && !__builtin_mul_overflow(ms, (int64_t)MK_NS_PER_MS, span_ns)
           && !__builtin_add_overflow(now_ns, *span_ns, &until_ns) && until_ns < MK_NEVER;
}
