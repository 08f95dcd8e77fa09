/*
 * What one sample takes from the thread it interrupts, measured on ourselves.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PERF_COST_H
#define PROFILER_ATTACH_PERF_COST_H

#include <stdint.h>

#include "profiler/attach/perf_access.h"
#include "profiler/attach/perf_rings.h"

/* Between two readings of the clock nothing was done: longer than that takes is an interruption. */
struct pf_clock_gap {
    uint64_t from_ns, to_ns;
};

/*
 * Sample this thread for some milliseconds into the rings (empty before and after) while it reads
 * the clock in a loop, and take the median of the gaps in which samples were taken. The copy of a
 * larger stack than ours, and the cache lines an interrupt evicts, come on top.
 * Returns: nanoseconds; 0 where too few samples came to tell.
 */
uint64_t pf_perf_cost_ns(struct pf_perf_rings *rings, const struct pf_perf_access *access,
                         const struct pf_perf_wish *wish);

/*
 * The median length of the gaps with one of these times in them, those aside that are too long for
 * an interrupt: the thread was preempted. Both in the order of time. 0: fewer than three.
 */
uint64_t pf_perf_cost_median(const struct pf_clock_gap *gaps, uint32_t gap_count,
                             const uint64_t *times_ns, uint32_t time_count);

#endif
