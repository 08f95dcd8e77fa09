/*
 * A cached walk must say what an uncached one says, whatever the stack was before.
 *
 * Random programs of calls and returns over a made-up stack; after each step both walks are
 * compared.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/unwind/unwind_cache.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/profiler/unwind/cfi_maker.h"

enum {
    CODE = 0x400000,
    STACK = 0x7f0000,
    WORDS = 4096,
    FUNCTIONS = 40,
    SITES = 6,
    DEPTH_MAX = 600
};
enum { FIRST = 0x1000, FUNCTION_BYTES = 0x40 };

struct frame {
    uint64_t sp; /* of the CFA: where its caller's stack pointer will be */
    uint64_t fp; /* the caller's frame pointer */
    uint64_t pc; /* return address into the caller */
};

struct world {
    struct ts_cfi cfi;
    struct ts_file_rows rows;
    struct pf_code code;
    struct pf_code_map map;
    uint64_t words[WORDS];
    struct pf_memory memory;
    struct pf_regs regs;
    struct frame frames[DEPTH_MAX];
    unsigned depth;
    uint64_t random;
};

static struct world world;
static _Alignas(64) uint8_t block[PF_UNWIND_CACHE_BYTES];

static unsigned draw(unsigned below)
{
    world.random = world.random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(world.random >> 40) % below;
}

/* Function i: 0 is the root; every third keeps a frame pointer, every third only saves it, every
 * seventh has a rule for the slow path. All have frames of i % 5 + 2 words. */
static int words_of(int function)
{
    return function % 5 + 2;
}

static void add_function(int function)
{
    uint64_t start = FIRST + (uint64_t)function * FUNCTION_BYTES;
    uint8_t bytes = (uint8_t)(8 * words_of(function));

    if (function == 0)
        ts_cfi_fde(&world.cfi, start, FUNCTION_BYTES, ts_bytes(TS_UNDEFINED(16)));
    else if (function % 7 == 0) /* CFA = rsp + bytes + 0, by an expression with an addition */
        ts_cfi_fde(&world.cfi, start, FUNCTION_BYTES,
                   ts_bytes(0x0f, 5, 0x77, (uint8_t)(bytes & 0x3f), 0x30, 0x22, 0x96));
    else if (function % 3 == 0)
        ts_cfi_fde(&world.cfi, start, FUNCTION_BYTES, ts_bytes(TS_DEF_CFA(6, 16), TS_OFFSET(6, 2)));
    else if (function % 3 == 1)
        ts_cfi_fde(&world.cfi, start, FUNCTION_BYTES,
                   ts_bytes(TS_DEF_CFA_OFFSET(bytes), TS_OFFSET(6, 2)));
    else
        ts_cfi_fde(&world.cfi, start, FUNCTION_BYTES, ts_bytes(TS_DEF_CFA_OFFSET(bytes)));
}

static uint64_t pc_in(unsigned function)
{
    return CODE + FIRST + (uint64_t)function * FUNCTION_BYTES + 4 + draw(SITES) * 8;
}

static unsigned function_at(uint64_t pc)
{
    return (unsigned)((pc - CODE - FIRST) / FUNCTION_BYTES);
}

static void store(uint64_t addr, uint64_t word)
{
    memcpy((uint8_t *)world.words + (addr - STACK), &word, sizeof word);
}

/* What the machine would do at a call from the current function to another. */
static void call(unsigned function)
{
    uint64_t *at = world.regs.at;
    uint64_t cfa = at[PF_REG_RSP];

    world.frames[world.depth++] = (struct frame){cfa, at[PF_REG_RBP], at[PF_REG_PC]};
    store(cfa - 8, at[PF_REG_PC]);
    at[PF_REG_RSP] = cfa - 8 * (uint64_t)words_of((int)function);
    if (function % 7 != 0 && function % 3 < 2)
        store(cfa - 16, at[PF_REG_RBP]);
    if (function % 7 != 0 && function % 3 == 0)
        at[PF_REG_RBP] = cfa - 16;
    else if (function % 7 != 0 && function % 3 == 1)
        at[PF_REG_RBP] = world.random; /* used for something else */
    at[PF_REG_PC] = pc_in(function);
}

static void give_back(void)
{
    struct frame frame = world.frames[--world.depth];

    world.regs.at[PF_REG_RSP] = frame.sp;
    world.regs.at[PF_REG_RBP] = frame.fp;
    /* On to another call site of the same function. */
    world.regs.at[PF_REG_PC] = pc_in(function_at(frame.pc));
}

static void start(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    memset(block, 0, sizeof block);
    world.random = seed;
    ts_cfi_plain_cie(&world.cfi);
    for (int i = 0; i < FUNCTIONS; i++)
        add_function(i);
    world.rows = ts_cfi_rows(&world.cfi);
    cr_assert_not_null(world.rows.rows);
    world.code = (struct pf_code){CODE, CODE + 0x10000, CODE, world.rows.rows, 0, 0};
    world.map = (struct pf_code_map){&world.code, 1};
    world.memory =
        (struct pf_memory){.bytes = world.words, .low = STACK, .high = STACK + sizeof world.words};
    world.regs.known = 1U << PF_REG_RBP | 1U << PF_REG_RSP | 1U << PF_REG_PC;
    world.regs.at[PF_REG_RSP] = STACK + sizeof world.words;
    world.regs.at[PF_REG_PC] = pc_in(0);
}

static uint32_t expect_same_walk(uint32_t capacity)
{
    static uint64_t pcs[DEPTH_MAX + 1];
    static uint64_t cached_pcs[DEPTH_MAX + 1];
    struct pf_trail plain = {.pcs = pcs, .capacity = capacity};
    struct pf_trail cached = {.pcs = cached_pcs, .capacity = capacity};

    pf_unwind_stack(&plain, &world.regs, &world.map, &world.memory);
    uint32_t same = pf_unwind_stack_cached(&cached, &world.regs, &world.map, &world.memory,
                                           pf_unwind_cache_view(block));
    cr_assert_eq(plain.is_rooted, capacity > world.depth, "the made-up stack itself");
    cr_assert_eq(cached.count, plain.count);
    cr_assert_eq(cached.is_rooted, plain.is_rooted);
    cr_assert_eq(cached.top, plain.top);
    cr_assert_eq(cached.lost, plain.lost);
    cr_assert_eq(cached.lost_object, plain.lost_object);
    cr_assert_eq(memcmp(pcs, cached_pcs, plain.count * sizeof *pcs), 0);
    cr_assert_leq(same, cached.count);
    return same;
}

static void run(uint64_t seed, unsigned deepest, uint32_t capacity)
{
    start(seed);
    for (int i = 0; i < 4000; i++) {
        bool goes_deeper = world.depth == 0 || (world.depth < deepest && draw(100) < 55);
        if (goes_deeper)
            call(1 + draw(FUNCTIONS - 1));
        else
            for (unsigned n = 1 + draw(4); n > 0 && world.depth > 0; n--)
                give_back();
        (void)expect_same_walk(capacity);
    }
    ts_file_rows_free(&world.rows);
}

Test(unwind_cache, random_calls_and_returns)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        run(seed, 40, DEPTH_MAX);
}

Test(unwind_cache, deeper_than_it_can_remember)
{
    for (uint64_t seed = 100; seed < 102; seed++)
        run(seed, 500, DEPTH_MAX);
}

Test(unwind_cache, arrays_shorter_than_the_stack)
{
    for (uint64_t seed = 200; seed < 206; seed++)
        run(seed, 40, 12);
}

Test(unwind_cache, says_how_much_is_as_it_was)
{
    start(7);
    for (unsigned i = 0; i < 10; i++)
        call(2); /* no slow rules, no frame pointers */
    (void)expect_same_walk(DEPTH_MAX);

    cr_expect_eq(expect_same_walk(DEPTH_MAX), 10, "all but the frame whose pc is exact");
    give_back();
    give_back();
    call(5);
    call(8);
    call(11);
    cr_expect_geq(expect_same_walk(DEPTH_MAX), 7);
    cr_expect_lt(expect_same_walk(DEPTH_MAX), 13);
    ts_file_rows_free(&world.rows);
}

Test(unwind_cache, a_new_generation_forgets)
{
    struct pf_unwind_cache *cache = pf_unwind_cache_view(block);
    start(9);
    call(2);
    call(4);
    (void)expect_same_walk(DEPTH_MAX);
    (void)expect_same_walk(DEPTH_MAX);

    /* The library at that place is another one now: every function is a root. */
    struct ts_cfi other = {0};
    ts_cfi_plain_cie(&other);
    ts_cfi_fde(&other, FIRST, FUNCTIONS * FUNCTION_BYTES, ts_bytes(TS_UNDEFINED(16)));
    struct ts_file_rows rows = ts_cfi_rows(&other);
    world.code.rows = rows.rows;
    pf_unwind_cache_sync(cache, 2);

    uint64_t pcs[8];
    struct pf_trail trail = {.pcs = pcs, .capacity = 8};
    cr_assert_eq(pf_unwind_stack_cached(&trail, &world.regs, &world.map, &world.memory, cache), 0);
    cr_assert_eq(trail.count, 1);
    ts_file_rows_free(&rows);
    ts_file_rows_free(&world.rows);
}
