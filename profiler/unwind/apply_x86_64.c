/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/apply.h"

#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/expr.h"
#include "profiler/unwind/memory.h"

enum {
    WORD = 8,
    /* What is known of a caller: psABI 1.0, figure 3.4. */
    CALLEE_SAVED = 1 << PF_REG_RBX | 1 << PF_REG_RBP | 1 << PF_REG_R12 | 1 << PF_REG_R13
                   | 1 << PF_REG_R14 | 1 << PF_REG_R15 | 1 << PF_REG_RSP | 1 << PF_REG_PC,
};

/* In the order of struct pf_saves. */
static const uint8_t saved_columns[PF_SAVES_COUNT] = {PF_REG_RBX, PF_REG_R12, PF_REG_R13,
                                                      PF_REG_R14, PF_REG_R15};

static bool read_word(const struct pf_memory *memory, uint64_t addr, uint64_t *word,
                      enum pf_lost *lost)
{
    if (pf_memory_word(memory, addr, word))
        return true;
    *lost = pf_memory_why(memory, addr);
    return false;
}

/*
 * Was what lay at addr popped already? clang says nothing of the pops before a ret (GCC does, by
 * DW_CFA_restore): its rule still names the word just above which the stack pointer now stands.
 */
static bool is_popped(const struct pf_regs *regs, uint64_t addr)
{
    return addr < regs->at[PF_REG_RSP];
}

/*
 * A saved register that cannot be read is merely unknown; most stacks never ask for it. A copy of
 * the stack begins at the stack pointer: what was popped is not in it, but in its register.
 */
static void load_saved(struct pf_regs *next, const struct pf_memory *memory, unsigned reg,
                       uint64_t addr)
{
    if (pf_memory_word(memory, addr, &next->at[reg]))
        next->known |= 1U << reg;
    else if (!is_popped(next, addr))
        next->known &= ~(1U << reg);
}

static bool compact_cfa(const struct pf_rule *rule, const struct pf_regs *regs, uint64_t *cfa)
{
    if (rule->kind == PF_RULE_PLT) {
        bool pushed = (regs->at[PF_REG_PC] & 15) >= (uint64_t)rule->cfa_offset;
        *cfa = regs->at[PF_REG_RSP] + WORD + (pushed ? WORD : 0);
        return true;
    }
    *cfa = regs->at[rule->base] + (uint64_t)(int64_t)rule->cfa_offset;
    return regs->known & 1U << rule->base;
}

static bool apply_compact(const struct pf_rows *rows, const struct pf_rule *rule,
                          struct pf_regs *regs, const struct pf_memory *memory, enum pf_lost *lost)
{
    const struct pf_saves *saves =
        (const struct pf_saves *)pf_rows_at(rows, rows->saves_at) + rule->saves;
    struct pf_regs next = *regs;
    uint64_t cfa = 0;

    if (!compact_cfa(rule, regs, &cfa)) {
        *lost = PF_LOST_NO_REGISTER;
        return false;
    }
    if (!read_word(memory, cfa - WORD, &next.at[PF_REG_PC], lost))
        return false;
    next.known &= CALLEE_SAVED;
    if (rule->flags & PF_RULE_FP_SAVED)
        load_saved(&next, memory, PF_REG_RBP, cfa + (uint64_t)(int64_t)rule->fp_offset);
    for (int i = 0; i < PF_SAVES_COUNT; i++)
        if (saves->at[i] != PF_SAVED_NOT)
            load_saved(&next, memory, saved_columns[i], cfa + (uint64_t)(int64_t)saves->at[i]);
    next.at[PF_REG_RSP] = cfa;
    *regs = next;
    return true;
}

/* What a general rule is applied to; before is never written. */
struct general {
    const struct pf_rows *rows;
    const struct pf_regs *before;
    const struct pf_memory *memory;
    uint64_t cfa;
    bool has_cfa;
};

static struct pf_bytes expr_of(const struct pf_rows *rows, int32_t offset)
{
    const uint8_t *at = (const uint8_t *)pf_rows_at(rows, rows->exprs_at) + offset;

    return (struct pf_bytes){at + 2, at[0] | (size_t)at[1] << 8};
}

/* Where a column's word lies, or, by the column's kind, what it is. */
static bool column_value(const struct general *general, const struct pf_rule_col *col,
                         uint64_t *value, enum pf_lost *lost)
{
    uint64_t offset = (uint64_t)(int64_t)col->value;

    if (col->kind == PF_COL_EXPR_AT || col->kind == PF_COL_EXPR_VAL) {
        const struct pf_expr_input input = {expr_of(general->rows, col->value), general->before,
                                            general->memory, general->cfa, general->has_cfa};
        return pf_expr_eval(&input, value, lost);
    }
    if (col->kind == PF_COL_AT_CFA || col->kind == PF_COL_VAL_CFA) {
        *value = general->cfa + offset;
        return true;
    }
    *lost = PF_LOST_NO_REGISTER;
    if (col->kind != PF_COL_REG && col->kind != PF_COL_REG_AT)
        return false;
    *value = general->before->at[col->reg] + offset;
    return general->before->known & 1U << col->reg;
}

static bool column_word(const struct general *general, const struct pf_rule_col *col,
                        uint64_t *word, enum pf_lost *lost)
{
    uint64_t value = 0;

    if (!column_value(general, col, &value, lost))
        return false;
    if (col->kind == PF_COL_AT_CFA || col->kind == PF_COL_EXPR_AT || col->kind == PF_COL_REG_AT)
        return read_word(general->memory, value, word, lost);
    *word = value;
    return true;
}

/* One register other than the pc. What cannot be found is unknown; without rsp all is lost. */
static void apply_column(const struct general *general, const struct pf_general *rule, unsigned reg,
                         struct pf_regs *next)
{
    const struct pf_rule_col *col = &rule->regs[reg];
    enum pf_lost ignored = PF_LOST_NOT;

    if (col->kind == PF_COL_SAME)
        return;
    if (column_word(general, col, &next->at[reg], &ignored))
        next->known |= 1U << reg;
    else
        next->known &= ~(1U << reg);
}

static bool apply_general(const struct pf_rows *rows, const struct pf_rule *rule,
                          struct pf_regs *regs, const struct pf_memory *memory, enum pf_lost *lost)
{
    const struct pf_general *columns =
        (const struct pf_general *)pf_rows_at(rows, rows->generals_at) + rule->cfa_offset;
    struct general general = {.rows = rows, .before = regs, .memory = memory};
    struct pf_regs next = *regs;

    if (!column_word(&general, &columns->cfa, &general.cfa, lost))
        return false;
    general.has_cfa = true;
    next.known &= CALLEE_SAVED;
    next.at[PF_REG_RSP] = general.cfa;
    for (unsigned reg = 0; reg < PF_REG_PC; reg++)
        apply_column(&general, columns, reg, &next);
    if (!(next.known & 1U << PF_REG_RSP)) {
        *lost = PF_LOST_BAD_MEMORY;
        return false;
    }
    if (!column_word(&general, &columns->regs[PF_REG_PC], &next.at[PF_REG_PC], lost))
        return false;
    *regs = next;
    return true;
}

bool pf_rule_apply(const struct pf_rows *rows, const struct pf_rule *rule, struct pf_regs *regs,
                   const struct pf_memory *memory, enum pf_lost *lost)
{
    return rule->kind == PF_RULE_GENERAL ? apply_general(rows, rule, regs, memory, lost)
                                         : apply_compact(rows, rule, regs, memory, lost);
}
