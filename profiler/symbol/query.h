/*
 * The addresses of one object that want names, and the names found so far.
 *
 * Every source of names (symbol table, PLT, DWARF) is read once, front to back, and asks "which
 * queries does this entry cover?" by binary search; so no source is ever sorted or indexed, and the
 * cost is that of one pass however large the object.
 *
 * Units:   file_addr is an ELF virtual address.
 * Context: pure, but for the arena.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_QUERY_H
#define PROFILER_SYMBOL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/arena.h"

/* A symbol-table entry that covers a query. name is borrowed from the table; NULL: none yet. */
struct pf_symbol {
    const char *name;
    uint64_t value, size;
    uint8_t type, bind; /* STT_*, STB_* */
};

/* One function at an address, from DWARF, which its strings are borrowed from. */
struct pf_name_frame {
    struct pf_name_frame *outer; /* what this one is inlined into */
    const char *name;            /* DW_AT_name, NULL: unknown */
    const char *linkage;         /* DW_AT_linkage_name, NULL: as name */
    const char *decl_file;       /* NULL: unknown */
    uint32_t start_line;
    uint32_t depth;        /* 0: the function itself, not inlined */
    uint64_t entry;        /* depth 0: its entry point as file_addr */
    const char *call_file; /* where outer calls it, NULL: unknown */
    uint32_t call_line;
};

struct pf_query {
    uint64_t file_addr;
    uint32_t location;           /* the owner's number */
    struct pf_symbol symbol;     /* entry with a size that covers file_addr */
    struct pf_symbol label;      /* nearest entry without a size below file_addr */
    uint64_t sized_start;        /* highest start of an entry with a size at or below file_addr */
    const char *plt;             /* the function a PLT stub jumps to */
    uint64_t frame_start;        /* of the function by .eh_frame, 0: in none */
    struct pf_name_frame *frame; /* innermost function by DWARF, NULL: not covered */
    const char *file;            /* of the instruction, by the line table; NULL: unknown */
    uint32_t line;               /* 0: unknown */
};

/* Sorted by file_addr. */
struct pf_queries {
    struct pf_query *at;
    size_t count;
    struct pf_arena *arena; /* names that must outlive their source */
};

void pf_queries_sort(struct pf_queries *queries);

/* Index of the first query at or above file_addr; count if there is none. */
size_t pf_queries_from(const struct pf_queries *queries, uint64_t file_addr);

#endif
