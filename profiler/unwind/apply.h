/*
 * Applies a rule to registers: the caller's registers.
 *
 * Context: pure; reads memory only through the reader handed in. Belongs to the architecture
 * (apply_x86_64.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_APPLY_H
#define PROFILER_UNWIND_APPLY_H

#include <stdbool.h>

#include "profiler/unwind/rows_priv.h"
#include "profiler/unwind/step.h"

/* rule is one of rows', of kind PF_RULE_CFA, PF_RULE_PLT or PF_RULE_GENERAL. On failure *lost says
 * why and *regs is untouched. */
bool pf_rule_apply(const struct pf_rows *rows, const struct pf_rule *rule, struct pf_regs *regs,
                   const struct pf_memory *memory, enum pf_lost *lost);

#endif
