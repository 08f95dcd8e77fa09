/* SPDX-License-Identifier: MIT */
#include "profiler/base/clock.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

static const uint64_t ns_per_s = 1000000000;
static const uint64_t ns_per_ms = 1000000;

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * ns_per_s + (uint64_t)now.tv_nsec;
}

uint64_t pf_clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t pf_clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t pf_clock_self_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int pf_clock_left_ms(uint64_t deadline_ns)
{
    uint64_t now = pf_clock_now_ns();
    if (now >= deadline_ns)
        return 0;

    uint64_t left_ms = (deadline_ns - now + ns_per_ms - 1) / ns_per_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void pf_clock_sleep_ms(unsigned ms)
{
    uint64_t until = pf_clock_now_ns() + ms * ns_per_ms;
    struct timespec at = {(time_t)(until / ns_per_s), (long)(until % ns_per_s)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        continue;
}
