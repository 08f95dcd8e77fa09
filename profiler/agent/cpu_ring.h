/*
 * What a thread's slot needs to be sampled, made when first asked for: its ring, an unwind cache of
 * the handler's own (the allocation hooks, which it may interrupt, have another), room for a walk.
 *
 * Both lie in the region's work part; the slot's ring_at tells the collector where.
 *
 * Context: signal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_RING_H
#define PROFILER_AGENT_CPU_RING_H

#include "profiler/trace/region_stacks.h"
#include "profiler/trace/region_threads.h"
#include "profiler/trace/ring.h"
#include "profiler/unwind/unwind_cache.h"

struct ag_cpu_lane {
    struct pf_ring ring; /* first: ring_at is the lane's place */
    _Alignas(PF_REGION_LINE) uint8_t cache[PF_UNWIND_CACHE_BYTES];
    uint64_t pcs[PF_STACK_DEPTH_MAX]; /* of the walk under way: servers' stacks may be small */
};

/* NULL when there is no room for one more. */
struct ag_cpu_lane *ag_cpu_lane(struct pf_region *region, struct pf_region_thread *slot);

#endif
