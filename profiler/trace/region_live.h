/*
 * The live table: which blocks are allocated, exact, without a lock.
 *
 * A directory by address leads to leaves, a leaf has one 16-byte slot for every 32 bytes of the
 * server's addresses. Two blocks of an allocator that gives at least 32 bytes never share a slot,
 * and a block belongs to one thread until it is freed, so plain stores suffice: no probing, no
 * compare-and-swap, no cache line that two threads must fight over unless they share heap lines
 * too. The price is memory: up to half of the heap's pages that were ever touched.
 *
 * Units:    start is a block's address as malloc returned it; size as it was asked for.
 * Context:  pure; put, take and find are safe in signal context.
 * Limits:   addresses below 2^47, sizes below 2^40 (larger ones are stored as 2^40 - 1), stack ids
 *           below 2^24.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGION_LIVE_H
#define PROFILER_TRACE_REGION_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/region.h"

enum {
    PF_LIVE_ADDRESS_BITS = 47,
    PF_LIVE_LEAF_SHIFT = 22,
    PF_LIVE_SLOT_SHIFT = 5,
    PF_LIVE_LEAF_SLOTS = 1 << (PF_LIVE_LEAF_SHIFT - PF_LIVE_SLOT_SHIFT),
    PF_LIVE_LEAF_BYTES = PF_LIVE_LEAF_SLOTS * 16,
    PF_LIVE_DIRECTORY_ENTRIES = 1 << (PF_LIVE_ADDRESS_BITS - PF_LIVE_LEAF_SHIFT),
    PF_LIVE_DIRECTORY_BYTES = PF_LIVE_DIRECTORY_ENTRIES * 4,
    PF_LIVE_SIZE_BITS = 40,
};

struct pf_live_block {
    uint64_t start;
    uint64_t size_bytes;
    uint32_t stack; /* region_stacks.h */
    uint32_t tid;
    uint32_t born_ms; /* pf_region.now_ms then */
};

struct pf_live_slot {
    _Atomic uint64_t what;   /* size | stack << 40; 0: no block begins here */
    _Atomic uint64_t whence; /* born_ms | tid << 32, bits 0..3 of start in tid's upper 4 */
};

/* The slot of an address, making its leaf if there is none; NULL when leaves have run out. */
struct pf_live_slot *pf_live_slot_make(struct pf_region *region, uint64_t start);

/* The slot of an address, or NULL if nothing was ever allocated near it. */
static inline struct pf_live_slot *pf_live_slot_find(const struct pf_region *region, uint64_t start)
{
    if (start >> PF_LIVE_ADDRESS_BITS)
        return NULL;

    const _Atomic uint32_t *directory =
        (const _Atomic uint32_t *)pf_region_part(region, region->directory_at);
    uint32_t leaf =
        atomic_load_explicit(&directory[start >> PF_LIVE_LEAF_SHIFT], memory_order_acquire);
    if (leaf == 0 || leaf >= region->sizes.leaf_count)
        return NULL;
    struct pf_live_slot *slots = (struct pf_live_slot *)pf_region_part(
        region, region->leaves_at + (uint64_t)leaf * PF_LIVE_LEAF_BYTES);
    return &slots[start >> PF_LIVE_SLOT_SHIFT & (PF_LIVE_LEAF_SLOTS - 1)];
}

/* Enter a block. False: no room for it, or an address beyond what the table covers. */
static inline bool pf_live_put(struct pf_region *region, const struct pf_live_block *block)
{
    struct pf_live_slot *slot = pf_live_slot_find(region, block->start);
    uint64_t most = (1ull << PF_LIVE_SIZE_BITS) - 1;
    uint64_t size = block->size_bytes < most ? block->size_bytes : most;

    if (!slot && !(slot = pf_live_slot_make(region, block->start)))
        return false;
    uint64_t low_bits = block->start >> 1 & 0xf; /* 32-byte slots, 2-byte aligned starts */
    atomic_store_explicit(
        &slot->whence, block->born_ms | (uint64_t)(block->tid & 0xfffffff) << 32 | low_bits << 60,
        memory_order_relaxed);
    atomic_store_explicit(&slot->what, size | (uint64_t)block->stack << PF_LIVE_SIZE_BITS,
                          memory_order_release);
    return true;
}

/* Remove the block that begins at start; false if none is known. Its slot's words are handed back
 * in *what and *whence so that it can be entered again unchanged (realloc that returned NULL). */
bool pf_live_take(struct pf_region *region, uint64_t start, uint64_t *what, uint64_t *whence);
void pf_live_put_back(struct pf_region *region, uint64_t start, uint64_t what, uint64_t whence);

/* Leaves are numbered from 1 to pf_live_leaf_end() - 1; the first address a leaf covers, false if
 * it is not in use. */
uint32_t pf_live_leaf_end(const struct pf_region *region);
bool pf_live_leaf_base(const struct pf_region *region, uint32_t leaf, uint64_t *base);
struct pf_live_slot *pf_live_leaf_slots(const struct pf_region *region, uint32_t leaf);

/* What slot number index of the leaf that begins at base holds; false if it is free. */
bool pf_live_slot_read(struct pf_live_block *out, const struct pf_live_slot *slot, uint64_t base,
                       uint32_t index);

/* Did a block ever begin there? */
bool pf_live_slot_was_used(const struct pf_live_slot *slot);

#endif
