/*
 * Judged blocks to records: one for each kind and stack, stacks entered into the result's profile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_FOLD_H
#define PROFILER_SESSION_LEAKS_FOLD_H

#include <stdint.h>

#include "profiler/leak/leaks.h"
#include "profiler/session/leaks_blocks.h"

struct pf_leak_suppress;

/* What pf_leaks_fold found, before anything has a name. */
struct pf_leaks_part {
    struct pf_leak_record record;
    uint32_t leader_stack; /* of an indirect leak; in the profile */
};

struct pf_leaks_parts {
    struct pf_leaks_part *at;
    uint32_t count, capacity;
};

/* Add a process's judged blocks. now_ms: the region's time at its end. Inherited blocks are left
 * out: the process they came from answers for them. */
void pf_leaks_fold(struct pf_leaks_parts *parts, struct pf_leaks *leaks,
                   const struct pf_leaks_blocks *blocks, const struct pf_region *region,
                   uint32_t now_ms);

/* Once stacks have names: enter all parts into leaks, suppressed where a template matches the stack
 * or that of the leak it hangs on; finish. */
void pf_leaks_settle(struct pf_leaks *leaks, const struct pf_leaks_parts *parts,
                     const struct pf_leak_suppress *suppress);

void pf_leaks_parts_fini(struct pf_leaks_parts *parts);

#endif
