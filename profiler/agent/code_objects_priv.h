/*
 * One object the loader has mapped, as dl_iterate_phdr(3) shows it, and its unwind rows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CODE_OBJECTS_PRIV_H
#define PROFILER_AGENT_CODE_OBJECTS_PRIV_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/region_modules.h"
#include "profiler/unwind/rows.h"

struct pf_rows;

struct ag_object {
    uint64_t bias, start, end;                       /* of all loadable segments */
    uint64_t code_start, code_end, code_file_offset; /* of the executable segment */
    uint64_t content;                                /* hash that tells objects apart */
    const struct pf_rows *rows;                      /* NULL: no CFI, or no room for it */
};

/* What the program headers say; false if the object has no code. rows stays NULL. */
bool ag_object_read(struct ag_object *out, const struct dl_phdr_info *info);

/* Its record for the collector: path, build id. */
void ag_object_describe(struct pf_region_module *out, const struct ag_object *object,
                        const struct dl_phdr_info *info);

/* Its rows, given by the collector or compiled, in the agent's memory; NULL if it has none or there
 * is no room. Context: target. */
const struct pf_rows *ag_object_rows(const struct pf_region *region, const struct ag_object *object,
                                     const struct dl_phdr_info *info);

#endif
