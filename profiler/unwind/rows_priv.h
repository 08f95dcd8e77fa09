/*
 * The layout of a block of rows, for this folder only.
 *
 * header | page index | row addresses | rule numbers | rules | saves | generals | expressions
 *
 * Text is cut into pages of 64 KiB counted from base_addr; pages[p] is the first row of page p. A
 * row is the low half of its address and the number of its rule: four bytes. It holds until the
 * next row. Rules are shared by all rows that say the same.
 *
 * Every number is little-endian; offsets are from the start of the block and multiples of 4.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_ROWS_PRIV_H
#define PROFILER_UNWIND_ROWS_PRIV_H

#include <stdint.h>

#include "profiler/trace/regs.h"
#include "profiler/unwind/rows.h"

enum {
    PF_ROWS_MAGIC = 0x77526650, /* "PfRw" */
    PF_ROWS_VERSION = 2,
    PF_ROWS_PAGE_SHIFT = 16,
    PF_ROWS_PAGES_MAX = 1 << 16, /* 4 GiB of text */
    PF_RULES_MAX = UINT16_MAX,
};

struct pf_rows {
    uint32_t magic;
    uint16_t version;
    uint16_t machine; /* EM_* of elf.h */
    uint64_t size_bytes;
    uint64_t base_addr; /* file address where page 0 begins, a multiple of 64 KiB */
    uint32_t page_count, row_count, rule_count, save_count, general_count, expr_bytes;
    uint32_t pages_at, lows_at, numbers_at, rules_at, saves_at, generals_at, exprs_at;
    uint32_t reserved;
};

enum pf_rule_kind {
    PF_RULE_NONE,    /* no CFI here */
    PF_RULE_END,     /* the return address is undefined: outermost frame */
    PF_RULE_CFA,     /* CFA = base + cfa_offset, return address in the word below it */
    PF_RULE_PLT,     /* the lazy PLT: CFA = rsp + 8, and 8 more from byte cfa_offset of each 16 */
    PF_RULE_GENERAL, /* cfa_offset is an index into generals */
};

enum pf_rule_flag {
    PF_RULE_FP_SAVED = 1, /* the frame pointer is saved at CFA + fp_offset */
    PF_RULE_SIGNAL = 2,   /* a signal frame: the caller's pc was interrupted, not returned to */
};

struct pf_rule {
    uint8_t kind;
    uint8_t base; /* register, as DWARF numbers it */
    uint8_t flags;
    uint8_t unused;
    int32_t cfa_offset;
    int16_t fp_offset;
    uint16_t saves; /* which other registers are saved where; set 0 is none */
};

/* Where the callee-saved registers other than the frame pointer lie, from the CFA. */
enum { PF_SAVES_COUNT = 5 };
enum { PF_SAVED_NOT = INT16_MIN };

struct pf_saves {
    int16_t at[PF_SAVES_COUNT];
    int16_t unused;
};

/* One column of a general rule: enum pf_col_kind; value is an offset, or where in the expressions a
 * two-byte size and then the expression begin. */
struct pf_rule_col {
    uint8_t kind;
    uint8_t reg;
    uint16_t unused;
    int32_t value;
};

struct pf_general {
    struct pf_rule_col cfa;
    struct pf_rule_col regs[PF_REG_COUNT];
};

static inline const void *pf_rows_at(const struct pf_rows *rows, uint32_t offset)
{
    return (const uint8_t *)rows + offset;
}

/* The rule for a file address; one of kind PF_RULE_NONE where rows say nothing. Never NULL. */
const struct pf_rule *pf_rows_find(const struct pf_rows *rows, uint64_t file_addr);

#endif
