/*
 * Expressions that compilers and linkers write so often that they become rules of their own.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_EXPR_FORM_H
#define PROFILER_UNWIND_EXPR_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

/* "register + offset" and, with *deref, the word there. False, outputs untouched, if it is neither.
 * Found in frames with a realigned stack and in glibc's signal trampoline. */
bool pf_expr_is_register(struct pf_bytes expr, uint8_t *reg, int32_t *offset, bool *deref);

/*
 * The lazy PLT's CFA, as binutils writes it for x86-64: rsp + 8 + ((pc & 15) >= split) * 8. The
 * split is 11 in a plain PLT, less in one for IBT. False, *split untouched, if it is not that.
 */
bool pf_expr_is_plt(struct pf_bytes expr, int32_t *split);

#endif
