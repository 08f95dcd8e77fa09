/*
 * What of a process's memory is its allocator's own: heaps, lists, caches. Blocks lie in it, and
 * all else there is garbage that points to blocks, no root.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_ALLOCATORS_H
#define PROFILER_SESSION_LEAKS_ALLOCATORS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/session/leaks_ranges.h"

struct pf_leak_range;
struct pf_leaks_blocks;
struct pf_leaks_memory;
struct pf_proc_map;
struct pf_region;

/* Zero is one of whom nothing is known. */
struct pf_leaks_allocators {
    struct pf_leaks_spans own;
    uint64_t strange_blocks; /* of an allocator whose own memory is not known */
    bool has_jemalloc, knows_jemalloc;
};

void pf_leaks_allocators_begin(struct pf_leaks_allocators *out, const struct pf_region *region);
void pf_leaks_allocators_fini(struct pf_leaks_allocators *allocators);

/* Add what a private writable mapping holds of them. */
void pf_leaks_allocators_learn(struct pf_leaks_allocators *allocators,
                               const struct pf_leaks_memory *memory, const struct pf_proc_map *map);

/* Once all mappings are known: add all of it to out, and the pages of blocks that lie elsewhere. */
void pf_leaks_allocators_claim(struct pf_leaks_allocators *allocators,
                               const struct pf_leaks_blocks *blocks, struct pf_leaks_spans *out);

/* Add the lists and caches that stand in a piece of copied memory, which leads to blocks. */
void pf_leaks_allocators_lists(struct pf_leaks_allocators *allocators,
                               const struct pf_leak_range *range);

#endif
