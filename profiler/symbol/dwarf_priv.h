/*
 * What the two halves of the DWARF reader share: one walk over one object.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_DWARF_PRIV_H
#define PROFILER_SYMBOL_DWARF_PRIV_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "profiler/symbol/query.h"

struct pf_dwarf_walk {
    struct pf_queries *queries;
    uint64_t deadline_ns;
    size_t steps_left; /* entries and ranges still to be looked at */
    bool skip_inlines;
    bool enter_types;   /* a language whose functions may stand inside types */
    bool enter_all;     /* look for functions inside functions that cover nothing */
    Dwarf_Files *files; /* of the unit at hand, NULL: none */
    size_t file_count;
};

/* One more entry looked at; false when that was the last allowed. */
bool pf_dwarf_walk_on(struct pf_dwarf_walk *walk);

/* Which queries [*first, *end) the next range of an entry covers; false after the last range. */
bool pf_dwarf_next_cover(struct pf_dwarf_walk *walk, Dwarf_Die *die, ptrdiff_t *at, size_t *first,
                         size_t *end);

/* Give the queries that functions of this unit (or namespace) cover their frames. */
void pf_dwarf_name_functions(struct pf_dwarf_walk *walk, Dwarf_Die *scope);

#endif
