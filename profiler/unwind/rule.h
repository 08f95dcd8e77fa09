/*
 * From the state of a call frame program to a compact rule.
 *
 * What nearly all code says (CFA from one register, the frame pointer and its kin saved below it,
 * the return address just under the CFA) becomes twelve bytes; the rest becomes a general rule with
 * a column per register, its simple expressions compiled away.
 *
 * Context: pure. The conversion itself belongs to the architecture (rule_x86_64.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_RULE_H
#define PROFILER_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/intern.h"
#include "profiler/unwind/rows_priv.h"

/* Expressions, one behind the other, each a two-byte size and its bytes. */
enum { PF_EXPR_POOL_BYTES = 64 * 1024, PF_EXPR_MAX = 512 };

struct pf_expr_pool {
    uint8_t *at;
    uint32_t used;
    struct pf_intern keys; /* hash and size of an expression */
    uint32_t *offsets;     /* by a key's number: where it lies in the pool */
};

/* The tables that rules of one object go to. */
struct pf_rule_book {
    struct pf_intern rules;
    struct pf_intern saves;
    struct pf_intern generals;
    struct pf_expr_pool exprs;
};

/* Bytes of memory for pf_rule_book_init, which keeps it. row_max: how many rows there can be. */
uint64_t pf_rule_book_bytes(uint64_t row_max);
void pf_rule_book_init(struct pf_rule_book *book, void *memory, uint64_t row_max);

/* Enter the rule for state. False where a table is full: the rows then say "none" there. */
bool pf_rule_from_state(struct pf_rule_book *book, const struct pf_cfi_state *state,
                        const struct pf_cie *cie, uint16_t *number);

/* Enter an expression; *offset is where its two-byte size lies in the pool. */
bool pf_expr_pool_add(struct pf_expr_pool *pool, struct pf_bytes expr, int32_t *offset);

#endif
