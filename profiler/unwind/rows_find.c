/*
 * From a file address to its rule, and the check that makes a block from outside safe to search.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>

#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/rows_priv.h"

enum { EM_X86_64_NUMBER = 62 };

const struct pf_rule *pf_rows_find(const struct pf_rows *rows, uint64_t file_addr)
{
    const struct pf_rule *rules = pf_rows_at(rows, rows->rules_at);
    const uint32_t *pages = pf_rows_at(rows, rows->pages_at);
    const uint16_t *lows = pf_rows_at(rows, rows->lows_at);
    const uint16_t *numbers = pf_rows_at(rows, rows->numbers_at);
    uint64_t page = (file_addr - rows->base_addr) >> PF_ROWS_PAGE_SHIFT;

    if (file_addr < rows->base_addr || page >= rows->page_count)
        return rules;
    uint32_t first = pages[page];
    uint32_t count = pages[page + 1] - first;
    uint16_t low = (uint16_t)file_addr;
    /* Afterwards first is the number of rows at or below the address. */
    while (count > 0) {
        uint32_t half = count / 2;
        bool above = lows[first + half] <= low;
        first = above ? first + half + 1 : first;
        count = above ? count - half - 1 : half;
    }
    return first > 0 ? &rules[numbers[first - 1]] : rules;
}

/* Does [offset, offset + count * each) lie in the block, aligned? */
static bool is_table(const struct pf_rows *rows, uint32_t offset, uint64_t count, uint64_t each)
{
    return offset % 4 == 0 && offset >= sizeof *rows && offset <= rows->size_bytes
           && count * each <= rows->size_bytes - offset;
}

static bool are_tables(const struct pf_rows *rows)
{
    return rows->page_count <= PF_ROWS_PAGES_MAX && rows->rule_count > 0
           && rows->rule_count <= PF_RULES_MAX && rows->save_count > 0
           && is_table(rows, rows->pages_at, rows->page_count + 1ULL, sizeof(uint32_t))
           && is_table(rows, rows->lows_at, rows->row_count, sizeof(uint16_t))
           && is_table(rows, rows->numbers_at, rows->row_count, sizeof(uint16_t))
           && is_table(rows, rows->rules_at, rows->rule_count, sizeof(struct pf_rule))
           && is_table(rows, rows->saves_at, rows->save_count, sizeof(struct pf_saves))
           && is_table(rows, rows->generals_at, rows->general_count, sizeof(struct pf_general))
           && is_table(rows, rows->exprs_at, rows->expr_bytes, 1);
}

static bool are_pages(const struct pf_rows *rows)
{
    const uint32_t *pages = pf_rows_at(rows, rows->pages_at);

    for (uint32_t i = 0; i < rows->page_count; i++)
        if (pages[i] > pages[i + 1])
            return false;
    return pages[rows->page_count] <= rows->row_count;
}

static bool are_numbers(const struct pf_rows *rows)
{
    const uint16_t *numbers = pf_rows_at(rows, rows->numbers_at);

    for (uint32_t i = 0; i < rows->row_count; i++)
        if (numbers[i] >= rows->rule_count)
            return false;
    return true;
}

static bool is_rule(const struct pf_rows *rows, const struct pf_rule *rule)
{
    if (rule->kind > PF_RULE_GENERAL || rule->base >= PF_REG_COUNT
        || rule->saves >= rows->save_count)
        return false;
    return rule->kind != PF_RULE_GENERAL
           || (rule->cfa_offset >= 0 && (uint32_t)rule->cfa_offset < rows->general_count);
}

static bool are_rules(const struct pf_rows *rows)
{
    const struct pf_rule *rules = pf_rows_at(rows, rows->rules_at);

    if (rules[0].kind != PF_RULE_NONE)
        return false;
    for (uint32_t i = 0; i < rows->rule_count; i++)
        if (!is_rule(rows, &rules[i]))
            return false;
    return true;
}

static bool is_column(const struct pf_rows *rows, const struct pf_rule_col *col)
{
    const uint8_t *exprs = pf_rows_at(rows, rows->exprs_at);

    if (col->kind > PF_COL_REG_AT || col->reg >= PF_REG_COUNT)
        return false;
    if (col->kind != PF_COL_EXPR_AT && col->kind != PF_COL_EXPR_VAL)
        return true;
    if (col->value < 0 || (uint64_t)col->value + 2 > rows->expr_bytes)
        return false;
    uint32_t size = exprs[col->value] | (uint32_t)exprs[col->value + 1] << 8;
    return size <= rows->expr_bytes - (uint32_t)col->value - 2;
}

static bool are_generals(const struct pf_rows *rows)
{
    const struct pf_general *generals = pf_rows_at(rows, rows->generals_at);

    for (uint32_t i = 0; i < rows->general_count; i++) {
        if (!is_column(rows, &generals[i].cfa))
            return false;
        for (int reg = 0; reg < PF_REG_COUNT; reg++)
            if (!is_column(rows, &generals[i].regs[reg]))
                return false;
    }
    return true;
}

const struct pf_rows *pf_rows_check(struct pf_bytes block)
{
    const struct pf_rows *rows = block.at;

    if (block.size < sizeof *rows || (uintptr_t)block.at % _Alignof(struct pf_rows) != 0)
        return NULL;
    if (rows->magic != PF_ROWS_MAGIC || rows->version != PF_ROWS_VERSION
        || rows->machine != EM_X86_64_NUMBER || rows->size_bytes > block.size
        || rows->size_bytes < sizeof *rows)
        return NULL;
    bool ok = are_tables(rows) && are_pages(rows) && are_numbers(rows) && are_rules(rows)
              && are_generals(rows);
    return ok ? rows : NULL;
}
