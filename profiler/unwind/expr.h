/*
 * The slow path: evaluates a DWARF expression over registers and memory.
 *
 * Bounded in operations and depth of its stack; anything it does not know ends it.
 *
 * Context: pure; reads memory only through the reader handed in.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_EXPR_H
#define PROFILER_UNWIND_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/regs.h"
#include "profiler/unwind/step.h"

enum { PF_EXPR_STACK = 16, PF_EXPR_STEPS = 512 };

struct pf_expr_input {
    struct pf_bytes expr;
    const struct pf_regs *regs;
    const struct pf_memory *memory;
    uint64_t cfa; /* on the stack at the start, if has_cfa */
    bool has_cfa;
};

/* The top of the stack at the end. On failure *lost says why and *value is untouched. */
bool pf_expr_eval(const struct pf_expr_input *input, uint64_t *value, enum pf_lost *lost);

#endif
