/*
 * One object's unwind rows: what its .eh_frame or .debug_frame says, compiled.
 *
 * A flat block of memory without pointers, so that it may lie in shared memory or in a cache file:
 * header, page index, row addresses, rule numbers, deduplicated rules. Built once per object by
 * pf_rows_build into memory the caller gives.
 *
 * Units:   file_addr is an ELF virtual address.
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_ROWS_H
#define PROFILER_UNWIND_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

struct pf_rows; /* opaque, flat */

/* The sections a table is compiled from; each may be empty. */
struct pf_cfi_source {
    struct pf_bytes eh_frame;
    uint64_t eh_frame_addr;
    struct pf_bytes eh_frame_hdr;
    uint64_t eh_frame_hdr_addr;
    struct pf_bytes debug_frame;
    uint64_t text_addr; /* for DW_EH_PE_textrel, datarel */
    uint64_t got_addr;
    struct pf_bytes image; /* the object's bytes at image_addr, for PLT recognition; may be empty */
    uint64_t image_addr;
};

struct pf_rows_stats {
    uint32_t row_count, rule_count, fde_count;
    uint32_t skipped_fdes; /* malformed, counted, left out */
    uint32_t slow_rules;   /* rules with DWARF expressions */
    size_t size_bytes;
};

/* Memory to write to, size bytes, aligned for any type. */
struct pf_room {
    void *at;
    size_t size;
};

/* Bytes of working memory that compiling source takes. 0: there is no CFI in it. */
size_t pf_rows_scratch(const struct pf_cfi_source *source);

/*
 * Compile source into table. scratch is working memory, released by the caller.
 * Returns the bytes the table takes; if they are more than there is room for, nothing is written.
 * 0: there is no CFI in source, or scratch is smaller than pf_rows_scratch says.
 */
size_t pf_rows_build(struct pf_room table, struct pf_room scratch,
                     const struct pf_cfi_source *source, struct pf_rows_stats *stats);

/* Memory that is enough for any table of source; what is not used need never be touched. */
size_t pf_rows_bound(const struct pf_cfi_source *source);

/* A block from outside (cache file, shared memory) checked wholly; NULL if it is not a table. */
const struct pf_rows *pf_rows_check(struct pf_bytes block);

#endif
