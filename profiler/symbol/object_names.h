/*
 * One ELF object asked for names: its tables, its debug file's, its DWARF, in the order of cost.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_OBJECT_NAMES_H
#define PROFILER_SYMBOL_OBJECT_NAMES_H

#include <stdbool.h>

#include "profiler/symbol/dwarf_names.h"
#include "profiler/symbol/locate.h"
#include "profiler/symbol/symfile.h"

/* What is open while an object is asked; names found point into it. Zero is closed. */
struct pf_object_names {
    struct pf_symfile object; /* the file mapped */
    struct pf_symfile debug;  /* its separate debug file, if it has one */
    struct pf_symfile mini;   /* its .gnu_debugdata, unpacked */
    struct pf_dwarf dwarf;
    bool has_object, has_debug;
};

/* The files of an object; false, with a reason, if there is neither the object nor its debug file.
 */
ASSAY_CHECKED
bool pf_object_open(struct pf_object_names *out, const struct pf_place *place, struct pf_err *err);

/* The kernel's vDSO: ours, which is the one every process of this kernel has. */
ASSAY_CHECKED
bool pf_object_open_vdso(struct pf_object_names *out, const char *build_id, struct pf_err *err);
void pf_object_close(struct pf_object_names *names);

/* An address in a mapping (its start, its offset in the file) as the object's file_addr. */
uint64_t pf_object_file_addr(const struct pf_object_names *names, uint64_t offset_in_mapping,
                             uint64_t file_offset);

/* Where code lies, for pf_symtab_choice. */
const struct pf_code_ranges *pf_object_code(const struct pf_object_names *names);

/* Fill what is known of queries, which are sorted. */
void pf_object_name(struct pf_object_names *names, struct pf_queries *queries,
                    const struct pf_dwarf_limits *limits);

#endif
