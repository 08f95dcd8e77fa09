/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_ring.h"

/* A bump of the region's own cursor: never given back, as slots and their lanes are used again. */
static uint64_t reserve(struct pf_region *region)
{
    uint64_t size =
        (sizeof(struct ag_cpu_lane) + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
    uint64_t at = atomic_fetch_add_explicit(&region->work_next, size, memory_order_relaxed);

    at = (at + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
    if (at > region->sizes.work_bytes || region->sizes.work_bytes - at < size)
        return 0;
    return region->work_at + at;
}

/* Slot 0 belongs to all threads that found none of their own: a ring has one writer. */
static bool is_shared(const struct pf_region *region, const struct pf_region_thread *slot)
{
    return slot == pf_region_part(region, region->threads_at);
}

struct ag_cpu_lane *ag_cpu_lane(struct pf_region *region, struct pf_region_thread *slot)
{
    uint64_t at = atomic_load_explicit(&slot->ring_at, memory_order_acquire);

    if (at == 0) {
        at = is_shared(region, slot) ? 0 : reserve(region);
        if (at == 0)
            return NULL;
        atomic_store_explicit(&slot->ring_at, at, memory_order_release);
    }
    return (struct ag_cpu_lane *)pf_region_part(region, at);
}
