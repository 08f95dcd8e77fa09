/*
 * What a hook does with a block: unwind, intern, enter; or remove.
 *
 * Context: signal. Every function preserves errno.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_ALLOC_TRACK_H
#define PROFILER_AGENT_ALLOC_TRACK_H

#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/regs.h"

struct pf_region;

/* The words a block was entered with; what is 0: it was not. */
struct ag_entry {
    uint64_t what, whence;
};

/* A block was allocated; regs were taken in the hook, whose own frame is left out. */
void ag_block_begin(struct pf_region *region, void *block, size_t size, const struct pf_regs *regs);

/* A block is about to be freed. Only before the allocator may give it to another thread. */
struct ag_entry ag_block_end(struct pf_region *region, void *block);

/* It was not freed after all. */
void ag_block_restore(struct pf_region *region, void *block, struct ag_entry entry);

#endif
