/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/expr.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/unwind/expr_form.h"
#include "tests/unit/profiler/unwind/cfi_maker.h"

static bool read_double(void *from, uint64_t addr, uint64_t *word)
{
    (void)from;
    *word = addr * 2;
    return addr != 13;
}

static bool eval(struct pf_bytes expr, uint64_t *value, enum pf_lost *lost)
{
    struct pf_regs regs = {.known = 1U << PF_REG_RSP | 1U << PF_REG_PC};
    const struct pf_memory memory = {.read_word = read_double};
    const struct pf_expr_input input = {expr, &regs, &memory, 1000, true};

    regs.at[PF_REG_RSP] = 0x700;
    regs.at[PF_REG_PC] = 0x1600;
    return pf_expr_eval(&input, value, lost);
}

Test(expr, operations_give_what_dwarf_says)
{
    static const struct {
        uint8_t expr[12];
        size_t size;
        uint64_t value;
    } table[] = {
        {{0}, 0, 1000},                                 /* the CFA is there at the start */
        {{0x35}, 1, 5},                                 /* lit5 */
        {{0x08, 0xff}, 2, 255},                         /* const1u */
        {{0x09, 0xff}, 2, UINT64_MAX},                  /* const1s */
        {{0x0a, 0x34, 0x12}, 3, 0x1234},                /* const2u */
        {{0x0b, 0xfe, 0xff}, 3, UINT64_MAX - 1},        /* const2s */
        {{0x0c, 1, 0, 0, 0x80}, 5, 0x80000001},         /* const4u */
        {{0x0d, 1, 0, 0, 0x80}, 5, 0xffffffff80000001}, /* const4s */
        {{0x0e, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 0x0807060504030201},
        {{0x10, 0x80, 1}, 3, 128},                     /* constu */
        {{0x11, 0x7f}, 2, UINT64_MAX},                 /* consts */
        {{0x77, 0x08}, 2, 0x708},                      /* breg7 8 */
        {{0x92, 7, 0x78}, 3, 0x6f8},                   /* bregx 7 -8 */
        {{0x38, 0x06}, 2, 16},                         /* lit8 deref */
        {{0x0a, 0x80, 0x80, 0x94, 1}, 5, 0},           /* deref_size 1 of 0x10100 */
        {{0x32, 0x33, 0x22}, 3, 5},                    /* plus */
        {{0x32, 0x33, 0x1c}, 3, UINT64_MAX},           /* minus */
        {{0x36, 0x33, 0x1e}, 3, 18},                   /* mul */
        {{0x37, 0x1f, 0x32, 0x1b}, 4, (uint64_t)-3},   /* neg, signed div */
        {{0x37, 0x34, 0x1d}, 3, 3},                    /* mod */
        {{0x3f, 0x39, 0x1a}, 3, 9},                    /* and */
        {{0x38, 0x31, 0x21}, 3, 9},                    /* or */
        {{0x3f, 0x39, 0x27}, 3, 6},                    /* xor */
        {{0x31, 0x20}, 2, ~1ULL},                      /* not */
        {{0x31, 0x3f, 0x24}, 3, 1 << 15},              /* shl */
        {{0x31, 0x08, 64, 0x24}, 4, 0},                /* shl by 64 */
        {{0x38, 0x1f, 0x31, 0x26}, 4, (uint64_t)-4},   /* shra */
        {{0x38, 0x1f, 0x08, 99, 0x26}, 5, UINT64_MAX}, /* shra by 99 */
        {{0x38, 0x31, 0x25}, 3, 4},                    /* shr */
        {{0x37, 0x1f, 0x19}, 3, 7},                    /* abs */
        {{0x37, 0x23, 0x80, 1}, 4, 135},               /* plus_uconst */
        {{0x31, 0x32, 0x13}, 3, 1},                    /* drop */
        {{0x31, 0x32, 0x14}, 3, 1},                    /* over */
        {{0x31, 0x32, 0x33, 0x15, 2}, 5, 1},           /* pick */
        {{0x31, 0x32, 0x16}, 3, 1},                    /* swap */
        {{0x31, 0x32, 0x33, 0x17, 0x13}, 5, 1 + 0},    /* rot: 3 1 2, dropped: 3 1 */
        {{0x34, 0x12, 0x1e}, 3, 16},                   /* dup */
        {{0x31, 0x1f, 0x31, 0x2d}, 4, 1},              /* -1 < 1 */
        {{0x32, 0x32, 0x2a}, 3, 1},                    /* ge */
        {{0x32, 0x32, 0x2e}, 3, 0},                    /* ne */
        {{0x2f, 1, 0, 0x13, 0x96}, 5, 1000},           /* skip over the drop */
        {{0x31, 0x28, 1, 0, 0x13, 0x96}, 6, 1000},     /* bra, taken */
        {{0x30, 0x28, 2, 0, 0x35, 0x96}, 6, 5},        /* bra, not taken */
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value = 0;
        enum pf_lost lost = PF_LOST_NOT;
        cr_expect(eval((struct pf_bytes){table[i].expr, table[i].size}, &value, &lost),
                  "row %zu: lost %d", i, lost);
        cr_expect_eq(value, table[i].value, "row %zu: %#lx", i, (unsigned long)value);
    }
}

Test(expr, what_cannot_be_evaluated_says_why)
{
    static const struct {
        uint8_t expr[8];
        size_t size;
        enum pf_lost lost;
    } table[] = {
        {{0x22}, 1, PF_LOST_EXPRESSION},                   /* plus with one operand */
        {{0x13, 0x13}, 2, PF_LOST_EXPRESSION},             /* below the bottom */
        {{0x13}, 1, PF_LOST_EXPRESSION},                   /* nothing left */
        {{0x31, 0x30, 0x1b}, 3, PF_LOST_EXPRESSION},       /* division by zero */
        {{0x31, 0x30, 0x1d}, 3, PF_LOST_EXPRESSION},       /* remainder by zero */
        {{0x2f, 0xfd, 0xff}, 3, PF_LOST_EXPRESSION},       /* skip to itself, for ever */
        {{0x2f, 0xf0, 0xff}, 3, PF_LOST_EXPRESSION},       /* skip to before the start */
        {{0x2f, 9, 0}, 3, PF_LOST_EXPRESSION},             /* skip to behind the end */
        {{0x12, 0x2f, 0xfc, 0xff}, 4, PF_LOST_EXPRESSION}, /* a stack without end */
        {{0x0e, 1, 2}, 3, PF_LOST_EXPRESSION},             /* a constant cut off */
        {{0xff}, 1, PF_LOST_EXPRESSION},                   /* no such operation */
        {{0x15, 9}, 2, PF_LOST_EXPRESSION},                /* pick what is not there */
        {{0x94, 9}, 2, PF_LOST_EXPRESSION},                /* nine bytes of memory */
        {{0x92, 99, 0}, 3, PF_LOST_EXPRESSION},            /* no such register */
        {{0x70, 0}, 2, PF_LOST_NO_REGISTER},               /* rax is not known */
        {{0x3d, 0x06}, 2, PF_LOST_BAD_MEMORY},             /* not readable */
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value = 77;
        enum pf_lost lost = PF_LOST_NOT;
        cr_expect_not(eval((struct pf_bytes){table[i].expr, table[i].size}, &value, &lost),
                      "row %zu", i);
        cr_expect_eq(lost, table[i].lost, "row %zu: %d", i, lost);
        cr_expect_eq(value, 77, "row %zu: value touched", i);
    }
}

Test(expr, lowest_number_divided_by_minus_one_wraps)
{
    uint64_t value = 0;
    enum pf_lost lost = PF_LOST_NOT;

    cr_assert(eval(ts_bytes(0x31, 0x08, 63, 0x24, 0x31, 0x1f, 0x1b), &value, &lost));
    cr_assert_eq(value, 1ULL << 63);
}

Test(expr_form, registers_are_recognised_and_nothing_else)
{
    uint8_t reg = 0;
    int32_t offset = 0;
    bool deref = false;

    cr_assert(pf_expr_is_register(ts_bytes(0x76, 0x70), &reg, &offset, &deref));
    cr_assert(reg == PF_REG_RBP && offset == -16 && !deref);
    cr_assert(pf_expr_is_register(ts_bytes(0x77, 0xa0, 1, 0x06), &reg, &offset, &deref));
    cr_assert(reg == PF_REG_RSP && offset == 160 && deref);
    cr_assert_not(pf_expr_is_register(ts_bytes(0x77, 8, 0x12), &reg, &offset, &deref));
    cr_assert_not(pf_expr_is_register(ts_bytes(0x77, 8, 0x06, 0x06), &reg, &offset, &deref));
    cr_assert_not(pf_expr_is_register(ts_bytes(0x8f, 0), &reg, &offset, &deref), "no register 31");
    cr_assert_not(pf_expr_is_register(ts_bytes(0x77), &reg, &offset, &deref));
    cr_assert_not(pf_expr_is_register((struct pf_bytes){0}, &reg, &offset, &deref));
}
