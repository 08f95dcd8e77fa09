/*
 * Where functions begin that no symbol names: .eh_frame has an entry for each.
 *
 * So a stripped static function is one line of a table and one box of a picture, not as many as
 * addresses of it were seen.
 *
 * Format: Linux Standard Base 5.0, 10.6.
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_FRAME_STARTS_H
#define PROFILER_SYMBOL_FRAME_STARTS_H

#include "profiler/symbol/query.h"
#include "profiler/unwind/cfi_entry.h"

/* Fill frame_start of the queries that lie in a function of section. */
void pf_frame_starts_match(const struct pf_cfi_section *section, struct pf_queries *queries);

#endif
