/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_insn_x86_64.h"

#include <criterion/criterion.h>
#include <string.h>

struct bytes {
    unsigned size;
    uint8_t at[15];
};

Test(gen_insn_x86_64, lengths_are_those_of_the_manual)
{
    static const struct bytes table[] = {
        {1, {0x55}},                                  /* push %rbp */
        {4, {0xf3, 0x0f, 0x1e, 0xfa}},                /* endbr64 */
        {3, {0x48, 0x89, 0xe5}},                      /* mov %rsp,%rbp */
        {7, {0x48, 0x8b, 0x05, 1, 2, 3, 4}},          /* mov 0x4030201(%rip),%rax */
        {8, {0x48, 0x8b, 0x84, 0x24, 1, 2, 3, 4}},    /* mov 0x4030201(%rsp),%rax */
        {8, {0x48, 0x8b, 0x04, 0xc5, 1, 2, 3, 4}},    /* mov 0x4030201(,%rax,8),%rax */
        {10, {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}},   /* movabs $..., %rax */
        {5, {0xb8, 1, 2, 3, 4}},                      /* mov $..., %eax */
        {4, {0x66, 0xb8, 1, 2}},                      /* mov $..., %ax */
        {9, {0xa1, 1, 2, 3, 4, 5, 6, 7, 8}},          /* movabs ..., %eax */
        {6, {0x67, 0xa1, 1, 2, 3, 4}},                /* the same by 32 bits */
        {3, {0xf6, 0xc3, 1}},                         /* test $1,%bl */
        {2, {0xf7, 0xd8}},                            /* neg %eax */
        {6, {0xf7, 0xc3, 1, 2, 3, 4}},                /* test $..., %ebx */
        {4, {0xc8, 1, 2, 3}},                         /* enter */
        {6, {0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8}},       /* palignr $8,%xmm1,%xmm0 */
        {5, {0x66, 0x0f, 0x38, 0x00, 0xc1}},          /* pshufb %xmm1,%xmm0 */
        {3, {0xc5, 0xf8, 0x77}},                      /* vzeroupper */
        {6, {0xc4, 0xe3, 0x7d, 0x39, 0xc1, 1}},       /* vextracti128 $1,%ymm0,%xmm1 */
        {7, {0x62, 0xf1, 0x7c, 0x48, 0x10, 0x46, 1}}, /* vmovups 64(%rsi),%zmm0 */
        {5, {0x8f, 0xe9, 0x78, 0x81, 0xc1}},          /* vfrczps %xmm1,%xmm0 (XOP) */
        {2, {0x8f, 0xc0}},                            /* pop %rax */
        {2, {0x0f, 0x0b}},                            /* ud2 */
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct mk_gen_insn insn = {0};
        cr_expect(mk_gen_insn_read(&insn, table[i].at, table[i].size), "%u", i);
        cr_expect_eq(insn.size, table[i].size, "%u: %u", i, insn.size);
        cr_expect_eq(insn.branch, MK_GEN_NO_BRANCH, "%u", i);
    }
}

Test(gen_insn_x86_64, direct_branches_tell_where_they_lead)
{
    static const struct {
        struct bytes code;
        enum mk_gen_branch branch;
        unsigned field_size;
        int32_t displacement;
    } table[] = {
        {{2, {0xeb, 0xfe}}, MK_GEN_JUMP, 1, -2},
        {{2, {0x75, 0x10}}, MK_GEN_JUMP, 1, 16},
        {{5, {0xe9, 0xfb, 0xff, 0xff, 0xff}}, MK_GEN_JUMP, 4, -5},
        {{6, {0x0f, 0x84, 0x00, 0x01, 0x00, 0x00}}, MK_GEN_JUMP, 4, 256},
        {{5, {0xe8, 0x01, 0x00, 0x00, 0x00}}, MK_GEN_CALL, 4, 1},
        {{8, {0x66, 0x66, 0x48, 0xe8, 0x02, 0x00, 0x00, 0x00}}, MK_GEN_CALL, 4, 2},
        {{6, {0xf2, 0xe9, 0x03, 0x00, 0x00, 0x00}}, MK_GEN_JUMP, 4, 3}, /* bnd jmp */
        {{2, {0xff, 0xd0}}, MK_GEN_NO_BRANCH, 0, 0},                    /* call *%rax */
        {{5, {0x66, 0x0f, 0x38, 0x80, 0x06}}, MK_GEN_NO_BRANCH, 0, 0},  /* invept, not jo */
        {{5, {0xc4, 0xe2, 0x79, 0x8c, 0x06}}, MK_GEN_NO_BRANCH, 0, 0},  /* vpmaskmovd, not jl */
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct mk_gen_insn insn = {0};
        cr_expect(mk_gen_insn_read(&insn, table[i].code.at, table[i].code.size), "%u", i);
        cr_expect_eq(insn.size, table[i].code.size, "%u: %u", i, insn.size);
        cr_expect_eq(insn.branch, table[i].branch, "%u", i);
        cr_expect_eq(insn.field_size, table[i].field_size, "%u", i);
        cr_expect_eq(insn.displacement, table[i].displacement, "%u", i);
    }
}

Test(gen_insn_x86_64, what_is_cut_or_unknown_is_no_instruction)
{
    static const uint8_t call[] = {0xe8, 1, 2, 3, 4}, unknown[] = {0x06, 0, 0, 0, 0};
    static const uint8_t far[] = {0x48, 0x8b, 0x84, 0x24, 1, 2, 3, 4};
    struct mk_gen_insn insn;
    uint8_t prefixes[32];

    memset(prefixes, 0x66, sizeof prefixes);
    for (size_t size = 0; size < sizeof call; size++)
        cr_expect_not(mk_gen_insn_read(&insn, call, size));
    for (size_t size = 0; size < sizeof far; size++)
        cr_expect_not(mk_gen_insn_read(&insn, far, size));
    cr_expect_not(mk_gen_insn_read(&insn, unknown, sizeof unknown));
    cr_expect_not(mk_gen_insn_read(&insn, prefixes, sizeof prefixes));
}
