/*
 * Unwind rows kept on disk, one file per build id, so that a known object is not compiled again.
 *
 * Lies in $XDG_CACHE_HOME/assay, else ~/.cache/assay. Nothing in it is trusted: a file is used only
 * if it and its directory are ours alone to write, its sum is right and its block passes
 * pf_rows_check. Files appear whole (rename), so any number of us may read and write at once.
 * Whatever goes wrong means only that rows are compiled again: nothing here reports an error.
 *
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_ROW_CACHE_H
#define PROFILER_ATTACH_ROW_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

enum {
    PF_ROW_CACHE_FILE_MAX = 64 << 20,   /* a block larger than this is not kept */
    PF_ROW_CACHE_TOTAL_MAX = 256 << 20, /* beyond it the files longest unused go */
};

struct pf_row_cache {
    int dir_fd; /* -1: no cache */
    uint64_t total_max_bytes;
};

/* Opens or makes the directory. Without one that is safe the cache is closed: never finds, never
 * keeps. */
void pf_row_cache_open(struct pf_row_cache *out);

/* The same in a given directory, which is made if need be; its parent must exist. */
void pf_row_cache_open_at(struct pf_row_cache *out, const char *path);
void pf_row_cache_close(struct pf_row_cache *cache);

/*
 * The block kept for a build id (lower-case hex), checked, in memory from malloc() that becomes the
 * caller's: free((void *)block->at). False if there is none.
 */
bool pf_row_cache_find(const struct pf_row_cache *cache, const char *build_id,
                       struct pf_bytes *block);

void pf_row_cache_keep(const struct pf_row_cache *cache, const char *build_id,
                       struct pf_bytes block);

#endif
