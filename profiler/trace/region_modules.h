/*
 * Objects the server had mapped: what a pc belongs to, also after dlclose.
 *
 * Append-only: an object mapped anew is a new record, so a stack's pcs are looked up in the record
 * whose generation covers them last.
 *
 * Context: pure. add runs in target context, one thread at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGION_MODULES_H
#define PROFILER_TRACE_REGION_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/region.h"

enum { PF_MODULE_BUILD_ID_MAX = 32, PF_MODULE_PATH_MAX = 424 };

struct pf_region_module {
    uint64_t start, end; /* first to past the last mapped byte, in the process */
    uint64_t bias;       /* process address = file_addr + bias */
    uint64_t code_start, code_end, code_file_offset; /* its executable segment */
    uint32_t is_complete;
    uint32_t build_id_size;
    uint8_t build_id[PF_MODULE_BUILD_ID_MAX];
    char path[PF_MODULE_PATH_MAX]; /* as the loader knows it, NUL-terminated, "[vdso]" */
};

/* Append a record; false when the table is full (counted in modules_dropped). */
bool pf_module_add(struct pf_region *region, const struct pf_region_module *module);

/* A copy of record number index, which nobody can change any more; false: there is none. */
bool pf_module_read(const struct pf_region *region, uint32_t index, struct pf_region_module *out);

/* Record number index, or NULL. Checked: path ends inside, build_id_size is in bounds. */
const struct pf_region_module *pf_module_view(const struct pf_region *region, uint32_t index);

#endif
