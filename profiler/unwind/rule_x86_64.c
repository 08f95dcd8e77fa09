/*
 * Compact rules of x86-64: psABI 1.0, figure 3.4 (what a callee saves) and 3.36 (register numbers).
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>

#include "profiler/unwind/expr_form.h"
#include "profiler/unwind/rule.h"

enum { WORD = 8 };

/* The columns of struct pf_saves, in its order. */
static const uint8_t saved_columns[PF_SAVES_COUNT] = {PF_REG_RBX, PF_REG_R12, PF_REG_R13,
                                                      PF_REG_R14, PF_REG_R15};

static bool fits_16(int64_t value)
{
    return value > INT16_MIN && value <= INT16_MAX;
}

static bool fits_32(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

/* One of saved_columns: unchanged, or saved near the CFA? */
static bool add_save(const struct pf_col *col, int16_t *at)
{
    if (col->kind == PF_COL_SAME) {
        *at = PF_SAVED_NOT;
        return true;
    }
    *at = (int16_t)col->value;
    return col->kind == PF_COL_AT_CFA && fits_16(col->value);
}

static bool is_compact_fp(const struct pf_col *col, struct pf_rule *rule)
{
    if (col->kind == PF_COL_SAME)
        return true;
    rule->flags |= PF_RULE_FP_SAVED;
    rule->fp_offset = (int16_t)col->value;
    return col->kind == PF_COL_AT_CFA && fits_16(col->value);
}

/* What a call may change, its caller does not miss: only saying that it is saved matters. */
static bool is_forgettable(const struct pf_col *col)
{
    return col->kind == PF_COL_SAME || col->kind == PF_COL_UNDEFINED;
}

static bool are_compact_columns(const struct pf_cfi_state *state, struct pf_rule *rule,
                                struct pf_saves *saves)
{
    static const uint8_t scratch_columns[] = {PF_REG_RAX, PF_REG_RDX, PF_REG_RCX,
                                              PF_REG_RSI, PF_REG_RDI, PF_REG_R8,
                                              PF_REG_R9,  PF_REG_R10, PF_REG_R11};
    const struct pf_col *ra = &state->regs[PF_REG_PC];

    for (int i = 0; i < PF_SAVES_COUNT; i++)
        if (!add_save(&state->regs[saved_columns[i]], &saves->at[i]))
            return false;
    for (size_t i = 0; i < sizeof scratch_columns; i++)
        if (!is_forgettable(&state->regs[scratch_columns[i]]))
            return false;
    return is_compact_fp(&state->regs[PF_REG_RBP], rule)
           && state->regs[PF_REG_RSP].kind == PF_COL_SAME && ra->kind == PF_COL_AT_CFA
           && ra->value == -WORD;
}

static struct pf_bytes expr_of(const struct pf_col *col)
{
    return (struct pf_bytes){col->expr, col->expr_bytes};
}

static bool is_compact_cfa(const struct pf_col *cfa, struct pf_rule *rule)
{
    if (cfa->kind == PF_COL_REG && fits_32(cfa->value)) {
        rule->kind = PF_RULE_CFA;
        rule->base = cfa->reg;
        rule->cfa_offset = (int32_t)cfa->value;
        return true;
    }
    if (cfa->kind == PF_COL_EXPR_VAL && pf_expr_is_plt(expr_of(cfa), &rule->cfa_offset)) {
        rule->kind = PF_RULE_PLT;
        rule->base = PF_REG_RSP;
        return true;
    }
    return false;
}

/* An expression: compiled if it is a register and an offset, else kept for the slow path. */
static bool general_expr(struct pf_rule_book *book, const struct pf_col *col,
                         struct pf_rule_col *out)
{
    struct pf_bytes expr = expr_of(col);
    bool deref = false;

    if (pf_expr_is_register(expr, &out->reg, &out->value, &deref)) {
        if (col->kind == PF_COL_EXPR_AT && !deref)
            out->kind = PF_COL_REG_AT;
        else if (col->kind == PF_COL_EXPR_VAL)
            out->kind = deref ? PF_COL_REG_AT : PF_COL_REG;
        else
            return pf_expr_pool_add(&book->exprs, expr, &out->value);
        return true;
    }
    return pf_expr_pool_add(&book->exprs, expr, &out->value);
}

static bool general_column(struct pf_rule_book *book, const struct pf_col *col,
                           struct pf_rule_col *out)
{
    *out = (struct pf_rule_col){.kind = col->kind, .reg = col->reg};
    if (col->kind == PF_COL_EXPR_AT || col->kind == PF_COL_EXPR_VAL)
        return general_expr(book, col, out);
    if (col->kind == PF_COL_SAME || col->kind == PF_COL_UNDEFINED)
        return true;
    out->value = (int32_t)col->value;
    return fits_32(col->value);
}

static bool add_general(struct pf_rule_book *book, const struct pf_cfi_state *state,
                        struct pf_rule *rule)
{
    struct pf_general general;
    uint16_t number = 0;

    memset(&general, 0, sizeof general);
    if (!general_column(book, &state->cfa, &general.cfa))
        return false;
    for (int i = 0; i < PF_REG_COUNT; i++)
        if (!general_column(book, &state->regs[i], &general.regs[i]))
            return false;
    if (!pf_intern_add(&book->generals, &general, &number))
        return false;
    rule->kind = PF_RULE_GENERAL;
    rule->cfa_offset = number;
    return true;
}

static bool compact(struct pf_rule_book *book, const struct pf_cfi_state *state,
                    const struct pf_cie *cie, struct pf_rule *rule)
{
    struct pf_saves saves = {.unused = 0};

    if (state->regs[PF_REG_PC].kind == PF_COL_UNDEFINED) {
        rule->kind = PF_RULE_END;
        return true;
    }
    return !cie->is_signal && are_compact_columns(state, rule, &saves)
           && is_compact_cfa(&state->cfa, rule)
           && pf_intern_add(&book->saves, &saves, &rule->saves);
}

bool pf_rule_from_state(struct pf_rule_book *book, const struct pf_cfi_state *state,
                        const struct pf_cie *cie, uint16_t *number)
{
    struct pf_rule rule;

    if (cie->return_column != PF_REG_PC)
        return false;
    memset(&rule, 0, sizeof rule);
    if (!compact(book, state, cie, &rule)) {
        memset(&rule, 0, sizeof rule);
        rule.flags = cie->is_signal ? PF_RULE_SIGNAL : 0;
        if (!add_general(book, state, &rule))
            return false;
    }
    return pf_intern_add(&book->rules, &rule, number);
}
