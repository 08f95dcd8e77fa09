/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_live.h"

static _Atomic uint32_t *directory_entry(const struct pf_region *region, uint64_t start)
{
    _Atomic uint32_t *directory = (_Atomic uint32_t *)pf_region_part(region, region->directory_at);
    return &directory[start >> PF_LIVE_LEAF_SHIFT];
}

/* Which part of the directory a leaf belongs to, plus 1. */
static _Atomic uint32_t *leaf_owner(const struct pf_region *region, uint32_t leaf)
{
    return (_Atomic uint32_t *)pf_region_part(region, region->owners_at) + leaf;
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
    if (atomic_compare_exchange_strong(directory_entry(region, start), &none, leaf))
        atomic_store(leaf_owner(region, leaf), (uint32_t)(start >> PF_LIVE_LEAF_SHIFT) + 1);
    else
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

uint32_t pf_live_leaf_end(const struct pf_region *region)
{
    uint32_t end = atomic_load(&region->leaf_next);

    return end < region->sizes.leaf_count ? end : region->sizes.leaf_count;
}

bool pf_live_leaf_base(const struct pf_region *region, uint32_t leaf, uint64_t *base)
{
    uint32_t owner = atomic_load(leaf_owner(region, leaf));

    if (owner == 0 || owner > PF_LIVE_DIRECTORY_ENTRIES)
        return false;
    *base = (uint64_t)(owner - 1) << PF_LIVE_LEAF_SHIFT;
    return true;
}

struct pf_live_slot *pf_live_leaf_slots(const struct pf_region *region, uint32_t leaf)
{
    return (struct pf_live_slot *)pf_region_part(region, region->leaves_at
                                                             + (uint64_t)leaf * PF_LIVE_LEAF_BYTES);
}

bool pf_live_slot_read(struct pf_live_block *out, const struct pf_live_slot *slot, uint64_t base,
                       uint32_t index)
{
    uint64_t what = atomic_load_explicit(&slot->what, memory_order_acquire);

    if (what == 0)
        return false;
    uint64_t whence = atomic_load_explicit(&slot->whence, memory_order_relaxed);
    *out = (struct pf_live_block){
        .start = base + ((uint64_t)index << PF_LIVE_SLOT_SHIFT) + (whence >> 60 << 1),
        .size_bytes = what & ((1ull << PF_LIVE_SIZE_BITS) - 1),
        .stack = (uint32_t)(what >> PF_LIVE_SIZE_BITS),
        .tid = (uint32_t)(whence >> 32) & 0xfffffff,
        .born_ms = (uint32_t)whence,
    };
    return true;
}

/* The taking of a block clears only what it was, not whence it came. */
bool pf_live_slot_was_used(const struct pf_live_slot *slot)
{
    return atomic_load_explicit(&slot->whence, memory_order_relaxed) != 0;
}
