/*
 * Functions, inlined functions and lines of one object's addresses, from its DWARF.
 *
 * The only place that speaks libdw (dwarf_names.c units and lines, dwarf_functions.c functions).
 * Units that cover no query are passed over after one look at their ranges; of those that do, each
 * function is looked at once and only those that cover a query are entered.
 *
 * Work is bounded in entries looked at and in time, so DWARF that was made to loop or to multiply
 * ends with fewer names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_DWARF_NAMES_H
#define PROFILER_SYMBOL_DWARF_NAMES_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/symbol/query.h"

struct pf_symfile;
struct Dwarf;

/* Zero is a valid closed one. Names found live until close. */
struct pf_dwarf {
    struct Dwarf *dwarf;
};

/* Borrows the symfile, which must outlive it. */
ASSAY_CHECKED
bool pf_dwarf_open(struct pf_dwarf *out, const struct pf_symfile *symfile, struct pf_err *err);
void pf_dwarf_close(struct pf_dwarf *dwarf);

struct pf_dwarf_limits {
    bool skip_inlines;
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
};

/* Fill frame, file and line of the queries DWARF covers. False if a limit cut the work short. */
bool pf_dwarf_name(struct pf_dwarf *dwarf, struct pf_queries *queries,
                   const struct pf_dwarf_limits *limits);

#endif
