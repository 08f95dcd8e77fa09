/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_live.h"

static _Atomic uint32_t *directory_entry(const struct pf_region *region, uint64_t start)
{
    _Atomic uint32_t *directory = (_Atomic uint32_t *)pf_region_part(region, region->directory_at);
    return &directory[start >> PF_LIVE_LEAF_SHIFT];
}

/* A leaf nobody uses: one that lost a race earlier, or a fresh one; 0 when all are taken. */
static uint32_t take_leaf(struct pf_region *region)
{
    uint32_t leaf = atomic_exchange(&region->leaf_spare, 0);

    if (leaf != 0)
        return leaf;
    if (atomic_load_explicit(&region->leaf_next, memory_order_relaxed) >= region->sizes.leaf_count)
        return 0;
    leaf = atomic_fetch_add(&region->leaf_next, 1);
    return leaf < region->sizes.leaf_count ? leaf : 0;
}

struct pf_live_slot *pf_live_slot_make(struct pf_region *region, uint64_t start)
{
    if (start >> PF_LIVE_ADDRESS_BITS)
        return NULL;

    uint32_t leaf = take_leaf(region);
    uint32_t none = 0;
    if (leaf == 0)
        return pf_live_slot_find(region, start);
    if (!atomic_compare_exchange_strong(directory_entry(region, start), &none, leaf))
        atomic_store(&region->leaf_spare, leaf); /* another thread was first; keep ours for later */
    return pf_live_slot_find(region, start);
}

bool pf_live_take(struct pf_region *region, uint64_t start, uint64_t *what, uint64_t *whence)
{
    struct pf_live_slot *slot = pf_live_slot_find(region, start);

    if (!slot)
        return false;
    *what = atomic_load_explicit(&slot->what, memory_order_relaxed);
    if (*what == 0)
        return false;
    *whence = atomic_load_explicit(&slot->whence, memory_order_relaxed);
    atomic_store_explicit(&slot->what, 0, memory_order_relaxed);
    return true;
}

void pf_live_put_back(struct pf_region *region, uint64_t start, uint64_t what, uint64_t whence)
{
    struct pf_live_slot *slot = pf_live_slot_find(region, start);

    if (!slot)
        return;
    atomic_store_explicit(&slot->whence, whence, memory_order_relaxed);
    atomic_store_explicit(&slot->what, what, memory_order_release);
}

void pf_live_leaf_walk(const struct pf_region *region, uint32_t directory_index, pf_live_each each,
                       void *to)
{
    uint64_t base = (uint64_t)directory_index << PF_LIVE_LEAF_SHIFT;
    const struct pf_live_slot *slots = pf_live_slot_find(region, base);

    for (uint32_t i = 0; slots && i < PF_LIVE_LEAF_SLOTS; i++) {
        uint64_t what = atomic_load_explicit(&slots[i].what, memory_order_acquire);
        if (what == 0)
            continue;
        uint64_t whence = atomic_load_explicit(&slots[i].whence, memory_order_relaxed);
        uint64_t start = base + ((uint64_t)i << PF_LIVE_SLOT_SHIFT) + (whence >> 60 << 1);
        struct pf_live_block block = {
            .start = start,
            .size_bytes = what & ((1ull << PF_LIVE_SIZE_BITS) - 1),
            .stack = (uint32_t)(what >> PF_LIVE_SIZE_BITS),
            .tid = (uint32_t)(whence >> 32) & 0xfffffff,
            .born_ms = (uint32_t)whence,
        };
        each(to, &block);
    }
}
