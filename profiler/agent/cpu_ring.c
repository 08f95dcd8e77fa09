/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_ring.h"

/* A bump of the region's own cursor: never given back, as slots and their rings are used again. */
static uint64_t reserve(struct pf_region *region)
{
    uint64_t size = (sizeof(struct pf_ring) + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
    uint64_t at = atomic_fetch_add_explicit(&region->work_next, size, memory_order_relaxed);

    at = (at + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
    if (at > region->sizes.work_bytes || region->sizes.work_bytes - at < size)
        return 0;
    return region->work_at + at;
}

struct pf_ring *ag_cpu_ring(struct pf_region *region, struct pf_region_thread *slot)
{
    uint64_t at = atomic_load_explicit(&slot->ring_at, memory_order_acquire);

    if (at == 0) {
        uint64_t made = reserve(region);
        if (made == 0) {
            pf_thread_count(slot, PF_COUNT_DROPPED, 1);
            return NULL;
        }
        /* Slot 0 belongs to many: the first ring stands. */
        at = 0;
        if (atomic_compare_exchange_strong(&slot->ring_at, &at, made))
            at = made;
    }
    return (struct pf_ring *)pf_region_part(region, at);
}
