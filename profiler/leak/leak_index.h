/*
 * From any address to the block it points into.
 *
 * Blocks' pages are gathered in clusters of neighbouring pages; a cluster has one entry a page, the
 * first block that reaches into it. A lookup is a search among few clusters, one load, and a search
 * among the blocks of one page.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_LEAK_LEAK_INDEX_H
#define PROFILER_LEAK_LEAK_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct pf_leak_block;

struct pf_leak_cluster {
    uint64_t first_page;
    uint64_t page_count;
    uint32_t *first_block; /* page_count + 1 of them */
};

/* Zero is a valid empty index. Keeps a view of blocks. */
struct pf_leak_index {
    const struct pf_leak_block *blocks;
    uint32_t block_count;
    uint64_t low, high; /* no block lies outside */
    struct pf_leak_cluster *clusters;
    size_t cluster_count;
};

#define PF_LEAK_NO_BLOCK UINT32_MAX /* wider than an enumerator of ISO C may be */

/* blocks: sorted by start. */
void pf_leak_index_init(struct pf_leak_index *index, const struct pf_leak_block *blocks,
                        uint32_t count);
void pf_leak_index_fini(struct pf_leak_index *index);

/* The block with start <= address < start + size (an empty block has size 1), or
 * PF_LEAK_NO_BLOCK. */
uint32_t pf_leak_index_find(const struct pf_leak_index *index, uint64_t address);

#endif
