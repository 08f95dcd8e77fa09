/*
 * The live table of a region as blocks to judge.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_BLOCKS_H
#define PROFILER_SESSION_LEAKS_BLOCKS_H

#include <stdint.h>

#include "profiler/leak/leak_graph.h"
#include "profiler/session/leaks_ranges.h"
#include "profiler/trace/region.h"

struct pf_leaks_blocks {
    struct pf_leak_block *at; /* sorted by start */
    uint32_t count;
};

/*
 * All blocks, in the order of their addresses. Roots are those nobody can be blamed for: allocated
 * before the agent was ready, inherited through fork, or by the loader itself.
 */
void pf_leaks_blocks_read(struct pf_leaks_blocks *out, const struct pf_region *region);
void pf_leaks_blocks_fini(struct pf_leaks_blocks *blocks);

/* The pages in which a block ever began, whether or not any is left. */
void pf_leaks_blocks_pages(struct pf_leaks_spans *out, const struct pf_region *region);

/* The newest module a pc of the process lies in, NULL if none. */
const struct pf_region_module *pf_leaks_module_of(const struct pf_region *region, uint64_t pc);

#endif
