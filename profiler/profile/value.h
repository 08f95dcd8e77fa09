/*
 * Sums of samples' values. A hostile file's may pass 63 bits: they stop at the end of the range.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_VALUE_H
#define PROFILER_PROFILE_VALUE_H

#include <stdint.h>

static inline int64_t pf_value_add(int64_t a, int64_t b)
{
    int64_t sum = 0;

    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* value as a percentage of total; 0 where there is no total. */
static inline double pf_value_percent(int64_t value, int64_t total)
{
    return total ? 100.0 * (double)value / (double)total : 0;
}

#endif
