/*
 * From queries with their finds to lines of a profile: which name is shown.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_SYMBOLIZE_PRIV_H
#define PROFILER_SYMBOL_SYMBOLIZE_PRIV_H

#include "profiler/profile/profile.h"
#include "profiler/symbol/query.h"
#include "profiler/symbol/symtab.h"

/* What entering found out, added up. */
struct pf_entered {
    uint32_t named, with_lines, with_inlines;
};

/*
 * Give each query's location its lines. object names what nobody could name: "object+0x1234".
 * code: of the object the queries are in, NULL: unknown.
 */
void pf_symbolize_enter(struct pf_profile *profile, const struct pf_queries *queries,
                        const struct pf_code_ranges *code, const char *object,
                        struct pf_entered *entered);

#endif
