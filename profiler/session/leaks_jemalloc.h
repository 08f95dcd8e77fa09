/*
 * What must be known of jemalloc to tell its caches from a server's data: they are full of pointers
 * to blocks that it handed out long ago.
 *
 * Source: jemalloc 5.3.0, include/jemalloc/internal/cache_bin.h (cache_bin_s), base.h, edata.h,
 * src/base.c (base_block_s). Recognised by shape, so another version is simply not recognised.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_JEMALLOC_H
#define PROFILER_SESSION_LEAKS_JEMALLOC_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/leak/leak_graph.h"
#include "profiler/session/leaks_ranges.h"

enum {
    PF_JEMALLOC_BASE_ALIGN = 2 << 20, /* where blocks of its metadata begin */
    PF_JEMALLOC_BASE_WORDS = 5,       /* size, next, and of their extent: bits, address, size */
};

/* Do the first words at an aligned address describe a block of metadata? Its size is handed out. */
bool pf_jemalloc_is_base(uint64_t address, const uint64_t *words, uint64_t *size);

/*
 * Threads' caches in a range: rows of bins, each of which names its part of one array of blocks to
 * hand out. Adds these arrays; what stands in them is free, or was handed out from there.
 */
void pf_jemalloc_caches(const struct pf_leak_range *range, struct pf_leaks_spans *caches);

#endif
