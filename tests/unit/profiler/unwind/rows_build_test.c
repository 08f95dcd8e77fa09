/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/rows.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/rows_priv.h"
#include "tests/unit/profiler/unwind/cfi_maker.h"

enum { FUNCTION = 0x1000, SIZE = 0x40 };

static const struct pf_rule *rule_at(const struct ts_file_rows *rows, uint64_t addr)
{
    cr_assert_not_null(rows->rows);
    return pf_rows_find(rows->rows, addr);
}

static void expect_cfa(const struct ts_file_rows *rows, uint64_t addr, int base, int offset)
{
    const struct pf_rule *rule = rule_at(rows, addr);

    cr_expect_eq(rule->kind, PF_RULE_CFA, "%#lx: kind %d", (unsigned long)addr, rule->kind);
    cr_expect_eq(rule->base, base, "%#lx: base %d", (unsigned long)addr, rule->base);
    cr_expect_eq(rule->cfa_offset, offset, "%#lx: %d", (unsigned long)addr, rule->cfa_offset);
}

/* Rows of one function with this program, under the usual CIE. */
static struct ts_file_rows rows_of(struct pf_bytes program)
{
    struct ts_cfi cfi = {0};

    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, SIZE, program);
    return ts_cfi_rows(&cfi);
}

Test(rows_build, nothing_gives_nothing)
{
    struct pf_cfi_source source = {0};
    struct ts_file_rows rows = ts_rows_build(&source);

    cr_assert_null(rows.rows);
    cr_assert_eq(rows.size_bytes, 0);
}

Test(rows_build, prologue_with_frame_pointer)
{
    /* push %rbp; mov %rsp,%rbp; ...; leave; ret */
    struct ts_file_rows rows =
        rows_of(ts_bytes(TS_ADVANCE(1), TS_DEF_CFA_OFFSET(16), TS_OFFSET(6, 2), TS_ADVANCE(3),
                         TS_DEF_CFA_REGISTER(6), TS_ADVANCE(0x20), TS_DEF_CFA(7, 8)));

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 8);
    cr_expect_not(rule_at(&rows, FUNCTION)->flags & PF_RULE_FP_SAVED);
    expect_cfa(&rows, FUNCTION + 1, PF_REG_RSP, 16);
    cr_expect(rule_at(&rows, FUNCTION + 1)->flags & PF_RULE_FP_SAVED);
    cr_expect_eq(rule_at(&rows, FUNCTION + 1)->fp_offset, -16);
    expect_cfa(&rows, FUNCTION + 4, PF_REG_RBP, 16);
    expect_cfa(&rows, FUNCTION + 0x23, PF_REG_RBP, 16);
    expect_cfa(&rows, FUNCTION + 0x24, PF_REG_RSP, 8);
    ts_file_rows_free(&rows);
}

Test(rows_build, addresses_outside_have_no_rule)
{
    struct ts_file_rows rows = rows_of(ts_bytes(0));

    cr_expect_eq(rule_at(&rows, FUNCTION - 1)->kind, PF_RULE_NONE);
    cr_expect_eq(rule_at(&rows, FUNCTION)->kind, PF_RULE_CFA);
    cr_expect_eq(rule_at(&rows, FUNCTION + SIZE - 1)->kind, PF_RULE_CFA);
    cr_expect_eq(rule_at(&rows, FUNCTION + SIZE)->kind, PF_RULE_NONE);
    cr_expect_eq(rule_at(&rows, 0)->kind, PF_RULE_NONE);
    cr_expect_eq(rule_at(&rows, UINT64_MAX)->kind, PF_RULE_NONE);
    ts_file_rows_free(&rows);
}

Test(rows_build, remembered_states_nest)
{
    struct ts_file_rows rows = rows_of(ts_bytes(
        TS_DEF_CFA_OFFSET(16), TS_REMEMBER, TS_ADVANCE(1), TS_DEF_CFA_OFFSET(32), TS_REMEMBER,
        TS_ADVANCE(1), TS_DEF_CFA_OFFSET(64), TS_ADVANCE(1), TS_RECALL, TS_ADVANCE(1), TS_RECALL));

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 16);
    expect_cfa(&rows, FUNCTION + 1, PF_REG_RSP, 32);
    expect_cfa(&rows, FUNCTION + 2, PF_REG_RSP, 64);
    expect_cfa(&rows, FUNCTION + 3, PF_REG_RSP, 32);
    expect_cfa(&rows, FUNCTION + 4, PF_REG_RSP, 16);
    ts_file_rows_free(&rows);
}

Test(rows_build, restore_goes_back_to_what_the_cie_said)
{
    struct ts_cfi cfi = {0};
    /* This CIE has the frame pointer saved from the start. */
    ts_cfi_cie(&cfi, "zR", ts_bytes(TS_DEF_CFA(7, 8), TS_OFFSET(16, 1), TS_OFFSET(6, 3)));
    ts_cfi_fde(&cfi, FUNCTION, SIZE,
               ts_bytes(TS_OFFSET(6, 5), TS_ADVANCE(4), TS_RESTORE(6), TS_ADVANCE(4), 0x08, 6));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    cr_expect_eq(rule_at(&rows, FUNCTION)->fp_offset, -40);
    cr_expect_eq(rule_at(&rows, FUNCTION + 4)->fp_offset, -24);
    cr_expect_not(rule_at(&rows, FUNCTION + 8)->flags & PF_RULE_FP_SAVED, "same value");
    ts_file_rows_free(&rows);
}

Test(rows_build, any_register_may_be_the_base)
{
    static const uint8_t registers[] = {PF_REG_RBX, PF_REG_R10, PF_REG_R12, PF_REG_R15, PF_REG_RAX};

    for (size_t i = 0; i < sizeof registers; i++) {
        struct ts_file_rows rows = rows_of(ts_bytes(TS_DEF_CFA(registers[i], 24)));
        expect_cfa(&rows, FUNCTION, registers[i], 24);
        ts_file_rows_free(&rows);
    }
}

Test(rows_build, saved_registers_are_kept_apart)
{
    struct ts_file_rows rows =
        rows_of(ts_bytes(TS_OFFSET(3, 2), TS_ADVANCE(4), TS_OFFSET(12, 3), TS_OFFSET(15, 4)));
    const struct pf_saves *saves = pf_rows_at(rows.rows, rows.rows->saves_at);

    cr_expect_eq(saves[rule_at(&rows, FUNCTION)->saves].at[0], -16);
    cr_expect_eq(saves[rule_at(&rows, FUNCTION)->saves].at[1], PF_SAVED_NOT);
    cr_expect_eq(saves[rule_at(&rows, FUNCTION + 4)->saves].at[1], -24);
    cr_expect_eq(saves[rule_at(&rows, FUNCTION + 4)->saves].at[4], -32);
    ts_file_rows_free(&rows);
}

Test(rows_build, advances_of_every_width)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, 0x100000,
               ts_bytes(0x02, 0x80, TS_DEF_CFA_OFFSET(16), 0x03, 0, 0x10, TS_DEF_CFA_OFFSET(24),
                        0x04, 0, 0, 2, 0, TS_DEF_CFA_OFFSET(32)));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    expect_cfa(&rows, FUNCTION + 0x7f, PF_REG_RSP, 8);
    expect_cfa(&rows, FUNCTION + 0x80, PF_REG_RSP, 16);
    expect_cfa(&rows, FUNCTION + 0x1080, PF_REG_RSP, 24);
    expect_cfa(&rows, FUNCTION + 0x2107f, PF_REG_RSP, 24);
    expect_cfa(&rows, FUNCTION + 0x21080, PF_REG_RSP, 32);
    expect_cfa(&rows, FUNCTION + 0xfffff, PF_REG_RSP, 32);
    ts_file_rows_free(&rows);
}

Test(rows_build, undefined_return_address_is_the_end)
{
    struct ts_file_rows rows = rows_of(ts_bytes(TS_ADVANCE(2), TS_UNDEFINED(16)));

    cr_expect_eq(rule_at(&rows, FUNCTION)->kind, PF_RULE_CFA);
    cr_expect_eq(rule_at(&rows, FUNCTION + 2)->kind, PF_RULE_END);
    ts_file_rows_free(&rows);
}

Test(rows_build, sizes_of_arguments_and_vector_registers_are_passed_over)
{
    struct ts_file_rows rows =
        rows_of(ts_bytes(0x2e, 0x20, TS_OFFSET(17, 4), TS_OFFSET(40, 9), TS_DEF_CFA_OFFSET(48)));

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 48);
    ts_file_rows_free(&rows);
}

Test(rows_build, signal_frames_are_marked)
{
    struct ts_cfi cfi = {0};
    /* CFA = *(rsp + 160), return address at rsp + 168: glibc's trampoline in small. */
    ts_cfi_cie(&cfi, "zRS", ts_bytes(TS_DEF_CFA(7, 8)));
    ts_cfi_fde(&cfi, FUNCTION, 16,
               ts_bytes(0x0f, 4, 0x77, 0xa0, 0x01, 0x06, 0x10, 16, 3, 0x77, 0xa8, 0x01));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);
    const struct pf_rule *rule = rule_at(&rows, FUNCTION);

    cr_expect_eq(rule->kind, PF_RULE_GENERAL);
    cr_expect(rule->flags & PF_RULE_SIGNAL);
    const struct pf_general *general = pf_rows_at(rows.rows, rows.rows->generals_at);
    cr_expect_eq(general[rule->cfa_offset].cfa.kind, PF_COL_REG_AT, "compiled, not interpreted");
    cr_expect_eq(general[rule->cfa_offset].cfa.value, 160);
    cr_expect_eq(general[rule->cfa_offset].regs[PF_REG_PC].value, 168);
    ts_file_rows_free(&rows);
}

Test(rows_build, both_forms_of_the_plt_are_rules_of_their_own)
{
    static const uint8_t literals[] = {0x3b, 0x3a, 0x39};

    for (size_t i = 0; i < sizeof literals; i++) {
        struct ts_file_rows rows = rows_of(
            ts_bytes(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, literals[i], 0x2a, 0x33, 0x24, 0x22));
        cr_expect_eq(rule_at(&rows, FUNCTION)->kind, PF_RULE_PLT);
        cr_expect_eq(rule_at(&rows, FUNCTION)->cfa_offset, literals[i] - 0x30);
        ts_file_rows_free(&rows);
    }
}

Test(rows_build, functions_out_of_order_are_sorted)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    for (unsigned i = 0; i < 50; i++)
        ts_cfi_fde(&cfi, FUNCTION + (i * 37 % 50) * SIZE, SIZE,
                   ts_bytes(TS_DEF_CFA_OFFSET((uint8_t)(i * 37 % 50 + 8))));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    for (int i = 0; i < 50; i++)
        expect_cfa(&rows, FUNCTION + (uint64_t)i * SIZE, PF_REG_RSP, i + 8);
    cr_expect_eq(rows.stats.fde_count, 50);
    ts_file_rows_free(&rows);
}

Test(rows_build, of_two_functions_in_one_place_the_first_wins)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, 0x20, ts_bytes(TS_DEF_CFA_OFFSET(16)));
    ts_cfi_fde(&cfi, FUNCTION + 0x10, 0x20, ts_bytes(TS_DEF_CFA_OFFSET(32)));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    expect_cfa(&rows, FUNCTION + 0x1f, PF_REG_RSP, 16);
    expect_cfa(&rows, FUNCTION + 0x20, PF_REG_RSP, 32);
    expect_cfa(&rows, FUNCTION + 0x2f, PF_REG_RSP, 32);
    ts_file_rows_free(&rows);
}

Test(rows_build, one_false_address_does_not_cost_the_others)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    for (unsigned i = 0; i < 5; i++)
        ts_cfi_fde(&cfi, FUNCTION + i * SIZE, SIZE, ts_bytes(0));
    ts_cfi_fde(&cfi, 0x7fffff00, SIZE, ts_bytes(0));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 8);
    cr_expect_eq(rows.stats.skipped_fdes, 1);
    cr_expect_lt(rows.size_bytes, 4096);
    ts_file_rows_free(&rows);
}

Test(rows_build, a_damaged_function_loses_only_what_follows_the_damage)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, SIZE,
               ts_bytes(TS_DEF_CFA_OFFSET(16), TS_ADVANCE(8), 0x3f /* no such instruction */));
    ts_cfi_fde(&cfi, FUNCTION + SIZE, SIZE, ts_bytes(TS_DEF_CFA_OFFSET(24)));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 16);
    cr_expect_eq(rule_at(&rows, FUNCTION + 8)->kind, PF_RULE_NONE);
    expect_cfa(&rows, FUNCTION + SIZE, PF_REG_RSP, 24);
    cr_expect_eq(rows.stats.skipped_fdes, 1);
    ts_file_rows_free(&rows);
}

Test(rows_build, more_is_remembered_than_can_be)
{
    uint8_t program[64];
    memset(program, TS_REMEMBER, sizeof program);
    struct ts_file_rows rows = rows_of((struct pf_bytes){program, sizeof program});

    cr_expect_eq(rows.stats.skipped_fdes, 1);
    ts_file_rows_free(&rows);
}

Test(rows_build, recall_without_remember_is_damage)
{
    struct ts_file_rows rows = rows_of(ts_bytes(TS_ADVANCE(4), TS_RECALL));

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 8);
    cr_expect_eq(rule_at(&rows, FUNCTION + 4)->kind, PF_RULE_NONE);
    ts_file_rows_free(&rows);
}

Test(rows_build, debug_frame_fills_what_eh_frame_leaves)
{
    /* Version 4, 8-byte addresses, CFA = rsp + 8; a function at FUNCTION + SIZE. */
    static const uint8_t debug_frame[] = {
        0x14, 0, 0,    0, 0xff, 0xff, 0xff, 0xff, 4, 0, 8,    0,  1, 0x78, 16,   0x0c, 7, 8, 0x90,
        1,    0, 0,    0, 0,    0x1c, 0,    0,    0, 0, 0,    0,  0, 0x40, 0x10, 0,    0, 0, 0,
        0,    0, 0x40, 0, 0,    0,    0,    0,    0, 0, 0x0e, 56, 0, 0,    0,    0,    0, 0};
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, SIZE, ts_bytes(TS_DEF_CFA_OFFSET(16)));
    struct pf_cfi_source source = ts_cfi_source(&cfi);
    source.debug_frame = (struct pf_bytes){debug_frame, sizeof debug_frame};
    struct ts_file_rows rows = ts_rows_build(&source);

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 16);
    expect_cfa(&rows, FUNCTION + SIZE, PF_REG_RSP, 56);
    ts_file_rows_free(&rows);
}

Test(rows_build, eh_frame_is_found_through_its_header)
{
    struct ts_cfi cfi = {0};
    uint8_t image[4096] = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, SIZE, ts_bytes(TS_DEF_CFA_OFFSET(16)));
    ts_cfi_fde(&cfi, FUNCTION + SIZE, SIZE, ts_bytes(TS_DEF_CFA_OFFSET(24)));
    /* Header at TS_CFI_ADDR - 16: version, encodings, pc-relative address, number of functions. */
    const uint8_t header[] = {1, 0x1b, 0x03, 0x3b, 12, 0, 0, 0, 2, 0, 0, 0};
    memcpy(image, header, sizeof header);
    memcpy(image + 16, cfi.bytes, cfi.size);
    struct pf_cfi_source source = {.eh_frame_hdr = {image, sizeof header},
                                   .eh_frame_hdr_addr = TS_CFI_ADDR - 16,
                                   .image = {image, sizeof image},
                                   .image_addr = TS_CFI_ADDR - 16};
    struct ts_file_rows rows = ts_rows_build(&source);

    expect_cfa(&rows, FUNCTION, PF_REG_RSP, 16);
    expect_cfa(&rows, FUNCTION + SIZE, PF_REG_RSP, 24);
    cr_expect_eq(rows.stats.fde_count, 2);
    ts_file_rows_free(&rows);
}

Test(rows_build, entries_behind_a_terminator_are_read_too)
{
    struct ts_cfi cfi = {0};
    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, FUNCTION, SIZE, ts_bytes(0));
    cfi.size += 4;
    ts_cfi_fde(&cfi, FUNCTION + SIZE, SIZE, ts_bytes(TS_DEF_CFA_OFFSET(24)));
    struct ts_file_rows rows = ts_cfi_rows(&cfi);

    expect_cfa(&rows, FUNCTION + SIZE, PF_REG_RSP, 24);
    ts_file_rows_free(&rows);
}

/* A rich section, for what follows. */
static void fill(struct ts_cfi *cfi)
{
    ts_cfi_plain_cie(cfi);
    ts_cfi_fde(cfi, FUNCTION, SIZE,
               ts_bytes(TS_ADVANCE(1), TS_DEF_CFA_OFFSET(16), TS_OFFSET(6, 2), TS_REMEMBER,
                        TS_ADVANCE(3), TS_DEF_CFA_REGISTER(6), TS_ADVANCE(0x20), TS_RECALL));
    ts_cfi_fde(cfi, FUNCTION + SIZE, SIZE,
               ts_bytes(0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0, 0x16, 3, 2, 0x30, 0x22));
    ts_cfi_cie(cfi, "zRS", ts_bytes(TS_DEF_CFA(7, 8), TS_OFFSET(16, 1)));
    ts_cfi_fde(cfi, FUNCTION + 2 * SIZE, SIZE, ts_bytes(TS_ADVANCE(1), TS_UNDEFINED(16)));
}

/* Whatever was built must be searchable anywhere. */
static void search_everywhere(const struct ts_file_rows *rows)
{
    for (uint64_t addr = FUNCTION - 2; rows->rows && addr < FUNCTION + 3 * SIZE + 2; addr++)
        cr_assert_leq(pf_rows_find(rows->rows, addr)->kind, PF_RULE_GENERAL);
}

Test(rows_build, truncated_at_every_byte)
{
    struct ts_cfi cfi = {0};
    fill(&cfi);

    for (size_t size = 0; size < cfi.size; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, cfi.bytes, size);
        struct pf_cfi_source source = {.eh_frame = {copy, size}, .eh_frame_addr = TS_CFI_ADDR};
        struct ts_file_rows rows = ts_rows_build(&source);
        cr_expect_eq(rows.size_bytes > 0, rows.rows != NULL, "cut at %zu", size);
        search_everywhere(&rows);
        ts_file_rows_free(&rows);
        free(copy);
    }
}

Test(rows_build, every_byte_replaced_by_hostile_ones)
{
    static const uint8_t hostile[] = {0, 1, 0x7f, 0x80, 0xff, 0x0f, 0x0a};
    struct ts_cfi cfi = {0};
    fill(&cfi);

    for (size_t at = 0; at < cfi.size; at++) {
        for (size_t i = 0; i < sizeof hostile; i++) {
            struct ts_cfi copy = cfi;
            copy.bytes[at] = hostile[i];
            struct ts_file_rows rows = ts_cfi_rows(&copy);
            cr_expect_eq(rows.size_bytes > 0, rows.rows != NULL, "%zu: %#x", at, hostile[i]);
            search_everywhere(&rows);
            ts_file_rows_free(&rows);
        }
    }
}

Test(rows_build, too_little_memory_is_said_and_nothing_written)
{
    struct ts_cfi cfi = {0};
    fill(&cfi);
    struct pf_cfi_source source = ts_cfi_source(&cfi);
    struct pf_rows_stats stats = {0};
    uint8_t untouched = 0x5a;
    struct pf_room table = {&untouched, 1};
    struct pf_room scratch = {.size = pf_rows_scratch(&source)};

    scratch.at = malloc(scratch.size);
    size_t size = pf_rows_build(table, scratch, &source, &stats);
    cr_assert_gt(size, 1);
    cr_assert_leq(size, pf_rows_bound(&source));
    cr_assert_eq(untouched, 0x5a);
    scratch.size--;
    cr_assert_eq(pf_rows_build(table, scratch, &source, &stats), 0);
    free(scratch.at);
}
