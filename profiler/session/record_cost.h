/*
 * What a recording took from the server: an estimate that says what it is made of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_COST_H
#define PROFILER_SESSION_RECORD_COST_H

#include <stdint.h>

struct pf_record_cost {
    uint64_t interrupts;    /* of the target's threads, those whose sample was lost included */
    uint64_t interrupt_ns;  /* one of them, see attach/perf_cost.h */
    uint64_t target_cpu_ns; /* of the target, while it was recorded */
    uint64_t own_cpu_ns;    /* of the collector, in the same time */
    uint64_t duration_ns;
    uint32_t cpus;
};

/*
 * Per cent of the server's speed: what its threads' interrupts took of their CPU time, plus what
 * the collector took of the machine, which a server that wants all of it does without:
 *
 *   100 * (interrupts * interrupt_ns / target_cpu_ns  +  own_cpu_ns / (duration_ns * cpus))
 *
 * Formula: ours; both terms are upper bounds for a server that leaves CPUs idle. Not in it: cache
 * lines evicted, and timers stopped and started at context switches.
 * Returns: -1 where the target did not run or nothing is known.
 */
double pf_cost_percent(const struct pf_record_cost *cost);

#endif
