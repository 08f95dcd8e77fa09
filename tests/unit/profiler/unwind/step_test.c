/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/step.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/profiler/unwind/cfi_maker.h"

/*
 * A made-up process: code at CODE with the functions below, code without rows at BARE, a stack of
 * WORDS words at STACK, and readable code bytes.
 */
enum {
    CODE = 0x400000,
    BARE = 0x500000,
    JIT = 0x600000,
    STACK = 0x7f0000,
    WORDS = 64,
    /* Functions of 0x100 bytes, by file address. */
    PUSHES = 0x1000,    /* CFA = rsp + 16, rbp at CFA - 16 */
    BY_FP = 0x1100,     /* CFA = rbp + 16, rbp at CFA - 16 */
    START = 0x1200,     /* return address undefined */
    BY_RBX = 0x1300,    /* CFA = rbx + 8 */
    BACKWARDS = 0x1400, /* CFA = rsp - 8 */
    BY_EXPR = 0x1500,   /* CFA by an operation that does not exist */
    SAVES_RBX = 0x1600, /* CFA = rsp + 16, rbx at CFA - 16 */
    PLT = 0x1700,
    POPPED = 0x1800, /* CFA = rsp + 8, rbp at CFA - 16: as clang tells of a ret behind its pops */
};

struct world {
    struct ts_cfi cfi;
    struct ts_file_rows rows;
    struct pf_code codes[3];
    struct pf_code_map map;
    uint64_t words[WORDS];
    struct pf_memory memory;
    struct pf_regs regs;
};

/* Every word of code reads as "call rel32" before any multiple of 16, and as the signal trampoline
 * at BARE + 0x800. */
static bool read_code(void *from, uint64_t addr, uint64_t *word)
{
    static const uint8_t trampoline[16] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};

    (void)from;
    if (addr < CODE || addr >= JIT + 0x10000)
        return false;
    *word = (addr + 8) % 16 == 0 ? 0xe8000000 : 0;
    if (addr >= BARE + 0x800 && addr < BARE + 0x808)
        memcpy(word, trampoline + (addr - BARE - 0x800), sizeof *word);
    return true;
}

static void fill_cfi(struct ts_cfi *cfi)
{
    ts_cfi_plain_cie(cfi);
    ts_cfi_fde(cfi, PUSHES, 0x100, ts_bytes(TS_DEF_CFA_OFFSET(16), TS_OFFSET(6, 2)));
    ts_cfi_fde(cfi, BY_FP, 0x100, ts_bytes(TS_DEF_CFA(6, 16), TS_OFFSET(6, 2)));
    ts_cfi_fde(cfi, START, 0x100, ts_bytes(TS_UNDEFINED(16)));
    ts_cfi_fde(cfi, BY_RBX, 0x100, ts_bytes(TS_DEF_CFA(3, 8)));
    ts_cfi_fde(cfi, BACKWARDS, 0x100, ts_bytes(0x13, 1));
    ts_cfi_fde(cfi, BY_EXPR, 0x100, ts_bytes(0x0f, 2, 0xff, 0x12));
    ts_cfi_fde(cfi, SAVES_RBX, 0x100, ts_bytes(TS_DEF_CFA_OFFSET(16), TS_OFFSET(3, 2)));
    ts_cfi_fde(cfi, POPPED, 0x100, ts_bytes(TS_DEF_CFA_OFFSET(8), TS_OFFSET(6, 2)));
    ts_cfi_fde(cfi, PLT, 0x100,
               ts_bytes(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22));
}

static struct world *new_world(void)
{
    static struct world world;

    fill_cfi(&world.cfi);
    world.rows = ts_cfi_rows(&world.cfi);
    cr_assert_not_null(world.rows.rows);
    world.codes[0] = (struct pf_code){CODE, CODE + 0x10000, CODE, world.rows.rows, 7, 0};
    world.codes[1] = (struct pf_code){BARE, BARE + 0x10000, BARE, NULL, 8, 0};
    world.codes[2] = (struct pf_code){JIT, JIT + 0x10000, JIT, NULL, 9, PF_CODE_FRAME_POINTERS};
    world.map = (struct pf_code_map){world.codes, 3};
    world.memory = (struct pf_memory){.bytes = world.words,
                                      .low = STACK,
                                      .high = STACK + sizeof world.words,
                                      .read_word = read_code};
    world.regs.known = 1U << PF_REG_RBP;
    world.regs.at[PF_REG_RSP] = STACK;
    world.regs.at[PF_REG_RBP] = 1;
    return &world;
}

static uint64_t slot(int index)
{
    return STACK + 8 * (uint64_t)index;
}

static struct pf_trail walk(struct world *world, uint64_t pc, uint64_t pcs[16])
{
    struct pf_trail trail = {.pcs = pcs, .capacity = 16};

    world->regs.at[PF_REG_PC] = pc;
    pf_unwind_stack(&trail, &world->regs, &world->map, &world->memory);
    return trail;
}

Test(step, common_rules_lead_to_the_root)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[0] = slot(4);          /* saved rbp */
    world->words[1] = CODE + BY_FP + 8; /* return address */
    world->words[4] = 0x99;             /* that frame's saved rbp */
    world->words[5] = CODE + START + 8;

    struct pf_trail trail = walk(world, CODE + PUSHES + 8, pcs);

    cr_assert_eq(trail.count, 3);
    cr_assert(trail.is_rooted);
    cr_assert_eq(trail.lost, PF_LOST_NOT);
    cr_assert_eq(trail.lost_object, UINT32_MAX);
    cr_assert_eq(pcs[1], CODE + BY_FP + 8);
    cr_assert_eq(pcs[2], CODE + START + 8);
    cr_assert_eq(trail.guessed | trail.signals, 0);
}

/* A copy of the stack begins at the stack pointer: the word that was popped is not in it. */
Test(step, popped_register_has_its_callers_value)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->regs.at[PF_REG_RBP] = slot(4);
    world->words[0] = CODE + BY_FP + 8; /* return address */
    world->words[4] = 0x99;
    world->words[5] = CODE + START + 8;

    struct pf_trail trail = walk(world, CODE + POPPED + 8, pcs);

    cr_assert_eq(trail.count, 3);
    cr_assert(trail.is_rooted);
}

Test(step, return_address_behind_its_function_is_looked_up_before_it)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[1] = CODE + BY_FP; /* returns to the end of PUSHES */
    world->words[3] = CODE + START + 8;

    struct pf_trail trail = walk(world, CODE + PUSHES + 8, pcs);

    cr_assert_eq(trail.count, 3);
    cr_assert(trail.is_rooted);
}

Test(step, plt_rule_counts_the_pushed_word)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[0] = CODE + START + 8;
    world->words[1] = CODE + START + 24;

    (void)walk(world, CODE + PLT + 10, pcs);
    cr_expect_eq(pcs[1], CODE + START + 8, "before the push");
    (void)walk(world, CODE + PLT + 11, pcs);
    cr_expect_eq(pcs[1], CODE + START + 24, "behind the push");
}

Test(step, return_address_of_zero_is_the_end)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[1] = 0;

    struct pf_trail trail = walk(world, CODE + PUSHES + 8, pcs);

    cr_assert(trail.is_rooted);
    cr_assert_eq(trail.count, 1);
}

Test(step, registers_saved_on_the_way_are_there_when_asked_for)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[0] = slot(7); /* saved rbx */
    world->words[1] = CODE + BY_RBX + 8;
    world->words[7] = CODE + START + 8;

    struct pf_trail trail = walk(world, CODE + SAVES_RBX + 8, pcs);

    cr_assert_eq(trail.count, 3);
    cr_assert(trail.is_rooted);
}

Test(step, every_reason_to_be_lost_is_said)
{
    static const struct {
        uint64_t pc;
        uint64_t word_1;
        enum pf_lost lost;
        uint32_t object;
    } table[] = {
        {0x1234, 0, PF_LOST_NO_CODE, UINT32_MAX},
        {CODE + BY_RBX + 1, 0, PF_LOST_NO_REGISTER, 7},
        {CODE + BACKWARDS + 1, 0, PF_LOST_NO_PROGRESS, 7},
        {CODE + BY_EXPR + 1, 0, PF_LOST_EXPRESSION, 7},
        {CODE + 0x8000, 0, PF_LOST_NO_RULE, 7},
        {CODE + PUSHES + 1, CODE + BY_FP + 8, PF_LOST_BAD_MEMORY, 7}, /* rbp is 1 */
    };
    uint64_t pcs[16];

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world *world = new_world();
        memset(world->words, 0, sizeof world->words);
        world->words[0] = 1;
        world->words[1] = table[i].word_1;
        world->codes[0].start = CODE - 0x100; /* BACKWARDS reads below the stack */
        if (table[i].lost == PF_LOST_NO_PROGRESS)
            world->regs.at[PF_REG_RSP] = slot(8), world->words[6] = CODE + START + 8;
        struct pf_trail trail = walk(world, table[i].pc, pcs);
        cr_expect_eq(trail.lost, table[i].lost, "row %zu: %d", i, trail.lost);
        cr_expect_eq(trail.lost_object, table[i].object, "row %zu: %u", i, trail.lost_object);
        cr_expect_not(trail.is_rooted);
        ts_file_rows_free(&world->rows);
        memset(world, 0, sizeof *world);
    }
}

Test(step, a_stack_longer_than_was_copied_asks_for_more_bytes)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->regs.at[PF_REG_RSP] = slot(WORDS - 1);

    struct pf_trail trail = walk(world, CODE + PUSHES + 8, pcs);

    cr_assert_eq(trail.lost, PF_LOST_OUT_OF_BYTES);
    cr_assert_eq(trail.count, 1);
}

Test(step, a_full_array_is_said)
{
    struct world *world = new_world();
    uint64_t pcs[2];
    struct pf_trail trail = {.pcs = pcs, .capacity = 2};
    for (int i = 0; i < WORDS; i++)
        world->words[i] = CODE + PUSHES + 8;
    world->regs.at[PF_REG_PC] = CODE + PUSHES + 8;

    pf_unwind_stack(&trail, &world->regs, &world->map, &world->memory);

    cr_assert_eq(trail.count, 2);
    cr_assert_eq(trail.lost, PF_LOST_DEPTH);
    cr_assert_not(trail.is_rooted);
}

Test(step, lost_leaves_registers_alone)
{
    struct world *world = new_world();
    world->regs.at[PF_REG_PC] = 0x1234;
    world->regs.at[PF_REG_RSP] = 8;
    struct pf_regs before = world->regs;
    enum pf_lost lost = PF_LOST_NOT;

    enum pf_step step = pf_unwind_step(&world->regs, false, &world->map, &world->memory, &lost);

    cr_assert_eq(step, PF_STEP_LOST);
    cr_assert_eq(memcmp(&before, &world->regs, sizeof before), 0);
}

Test(step, leaf_without_rules_returns_through_the_top_of_the_stack)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[0] = CODE + START + 16; /* behind a call */

    struct pf_trail trail = walk(world, BARE + 5, pcs);

    cr_assert_eq(trail.count, 2);
    cr_assert(trail.is_rooted);
    cr_assert_eq(trail.guessed, 2);
}

Test(step, frame_pointer_is_followed_where_there_are_no_rules)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->regs.at[PF_REG_RBP] = slot(4);
    world->words[4] = slot(10);
    world->words[5] = BARE + 32; /* behind a call, again without rules */
    world->words[10] = 0;
    world->words[11] = CODE + START + 16;

    struct pf_trail trail = walk(world, BARE + 5, pcs);

    cr_assert_eq(trail.count, 3);
    cr_assert(trail.is_rooted);
    cr_assert_eq(trail.guessed, 6);
}

Test(step, frame_pointer_of_jit_code_is_trusted_without_a_call_in_sight)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->regs.at[PF_REG_RBP] = slot(4);
    world->words[4] = 0;
    world->words[5] = JIT + 37; /* not behind a call that can be seen */

    struct pf_trail trail = walk(world, JIT + 5, pcs);

    cr_assert_eq(trail.count, 2);
    cr_assert(trail.is_rooted, "a frame pointer of zero marks the outermost frame");
}

Test(step, scan_finds_the_first_address_behind_a_call)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[3] = CODE + START + 5; /* in code, but behind no call */
    world->words[9] = CODE + START + 16;

    struct pf_trail trail = walk(world, BARE + 5, pcs);

    cr_assert_eq(trail.count, 2);
    cr_assert_eq(pcs[1], CODE + START + 16);
    cr_assert_eq(trail.guessed, 2);
}

Test(step, call_of_a_wild_pointer_is_survived)
{
    struct world *world = new_world();
    uint64_t pcs[16];
    world->words[0] = CODE + START + 16;

    struct pf_trail trail = walk(world, 0, pcs);

    cr_assert_eq(trail.count, 2);
    cr_assert(trail.is_rooted);
    cr_assert_eq(pcs[0], 0);
}

Test(step, kernel_signal_frame_is_known_by_its_bytes)
{
    enum { GREGS = 5, RBP = 10, RSP = 15, RIP = 16 };
    struct world *world = new_world();
    uint64_t pcs[16];
    /* A handler in PUSHES returns to the trampoline; rsp is then at the ucontext. */
    world->words[1] = BARE + 0x800;
    world->words[2 + GREGS + RBP] = slot(50);
    world->words[2 + GREGS + RSP] = slot(40);
    world->words[2 + GREGS + RIP] = CODE + PUSHES; /* interrupted at its first instruction */
    world->words[41] = CODE + START + 8;

    struct pf_trail trail = walk(world, CODE + PUSHES + 8, pcs);

    cr_assert_eq(trail.count, 4);
    cr_assert(trail.is_rooted);
    cr_assert_eq(trail.signals, 4, "the third frame was interrupted");
    cr_assert_eq(trail.guessed, 0);
    cr_assert_eq(pcs[2], CODE + PUSHES, "looked up as it stands, not one byte before");
}

Test(step, single_steps_carry_the_exactness_of_an_interrupted_pc)
{
    enum { GREGS = 5, RSP = 15, RIP = 16 };
    struct world *world = new_world();
    enum pf_lost lost = PF_LOST_NOT;
    world->words[GREGS + RSP] = slot(40);
    world->words[GREGS + RIP] = CODE + PUSHES;
    world->words[41] = CODE + START + 8;
    world->regs.at[PF_REG_PC] = BARE + 0x800;

    cr_assert_eq(pf_unwind_step(&world->regs, true, &world->map, &world->memory, &lost),
                 PF_STEP_FRAME);
    cr_assert(world->regs.known & PF_REGS_EXACT_PC);
    cr_assert_eq(pf_unwind_step(&world->regs, true, &world->map, &world->memory, &lost),
                 PF_STEP_FRAME);
    cr_assert_eq(world->regs.at[PF_REG_PC], CODE + START + 8);
    cr_assert_not(world->regs.known & PF_REGS_EXACT_PC);
    cr_assert_eq(pf_unwind_step(&world->regs, true, &world->map, &world->memory, &lost),
                 PF_STEP_END);
}
