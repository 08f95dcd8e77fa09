/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_threads.h"

enum { CLAIM_PROBES = 128, NEW_TRIES = 64 };

static struct pf_region_thread *slot_at(const struct pf_region *region, uint32_t index)
{
    return (struct pf_region_thread *)pf_region_part(region, region->threads_at) + index;
}

static uint32_t used_slots(const struct pf_region *region)
{
    uint32_t used = atomic_load(&region->thread_next);
    return used < region->sizes.thread_count ? used : region->sizes.thread_count;
}

/* A slot somebody gave back, looked for from a place that differs by thread. */
static struct pf_region_thread *claim_old(struct pf_region *region, uint32_t tid, uint32_t used)
{
    for (uint32_t probe = 0; used > 1 && probe < CLAIM_PROBES; probe++) {
        struct pf_region_thread *slot = slot_at(region, 1 + (tid + probe) % (used - 1));
        uint32_t nobody = 0;
        if (atomic_load_explicit(&slot->tid, memory_order_relaxed) == 0
            && atomic_compare_exchange_strong(&slot->tid, &nobody, tid))
            return slot;
    }
    return NULL;
}

struct pf_region_thread *pf_thread_claim(struct pf_region *region, uint32_t tid)
{
    struct pf_region_thread *slot = claim_old(region, tid, used_slots(region));

    if (slot)
        return slot;
    /* One who looks for old slots may come before us to a new one: there are more. */
    for (unsigned tries = 0; tries < NEW_TRIES; tries++) {
        if (atomic_load(&region->thread_next) >= region->sizes.thread_count)
            break;
        uint32_t index = atomic_fetch_add(&region->thread_next, 1);
        uint32_t nobody = 0;
        if (index < region->sizes.thread_count
            && atomic_compare_exchange_strong(&slot_at(region, index)->tid, &nobody, tid))
            return slot_at(region, index);
    }
    atomic_fetch_add(&region->threads_shared, 1);
    return slot_at(region, 0);
}

void pf_thread_release_gone(struct pf_region *region, pf_thread_is_gone is_gone, const void *knows)
{
    uint32_t used = used_slots(region);

    for (uint32_t i = 1; i < used; i++) {
        uint32_t owner = atomic_load_explicit(&slot_at(region, i)->tid, memory_order_relaxed);
        if (owner != 0 && is_gone(knows, owner))
            (void)atomic_compare_exchange_strong(&slot_at(region, i)->tid, &owner, 0);
    }
}

uint64_t pf_thread_sum(const struct pf_region *region, enum pf_thread_counter counter)
{
    uint32_t used = used_slots(region);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < used; i++)
        sum += atomic_load_explicit(&slot_at(region, i)->counters[counter], memory_order_relaxed);
    return sum;
}
