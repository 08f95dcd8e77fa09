/*
 * The nine cases of Valgrind's manual, cliques, heuristics: each on a little memory made here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/leak/leak_graph.h"

enum { BASE = 0x10000, BLOCK = 64, BLOCKS_MAX = 8, HEAP_WORDS = BLOCKS_MAX * 256 / 8 };

/* Blocks of 64 bytes, 256 bytes apart; words of heap and root to write pointers into. */
struct world {
    uint64_t heap[HEAP_WORDS];
    uint64_t root[8];
    struct pf_leak_block blocks[BLOCKS_MAX];
    struct pf_leak_range heap_range, root_range, code;
    struct pf_leak_graph graph;
};

static uint64_t at(unsigned block)
{
    return BASE + (uint64_t)block * 256;
}

static void begin(struct world *world, unsigned count)
{
    *world = (struct world){0};
    for (unsigned i = 0; i < count; i++)
        world->blocks[i] = (struct pf_leak_block){.start = at(i), .size_bytes = BLOCK};
    world->heap_range =
        (struct pf_leak_range){BASE, (const uint8_t *)world->heap, sizeof world->heap};
    world->root_range =
        (struct pf_leak_range){0x900000, (const uint8_t *)world->root, sizeof world->root};
    world->graph = (struct pf_leak_graph){.blocks = world->blocks,
                                          .block_count = count,
                                          .heap = &world->heap_range,
                                          .heap_count = 1,
                                          .roots = &world->root_range,
                                          .root_count = 1};
}

static void point(struct world *world, unsigned from, unsigned word, uint64_t to)
{
    world->heap[from * 32 + word] = to;
}

static enum pf_leak_kind judged(struct world *world, unsigned block)
{
    pf_leak_judge(&world->graph);
    return world->blocks[block].kind;
}

struct manual_case {
    int root_offset;  /* root points to A + this; -1: no root */
    int block_offset; /* A points to B + this; -1: not */
    enum pf_leak_kind a, b;
};

Test(leak_graph, agrees_with_the_nine_cases_of_the_manual)
{
    static const struct manual_case cases[] = {
        {0, -1, PF_LEAK_REACHABLE, PF_LEAK_DEFINITE}, /* 1, 3 */
        {0, 0, PF_LEAK_REACHABLE, PF_LEAK_REACHABLE}, /* 2 */
        {-1, 0, PF_LEAK_DEFINITE, PF_LEAK_INDIRECT},  /* 4 */
        {24, -1, PF_LEAK_POSSIBLE, PF_LEAK_DEFINITE}, /* 5 */
        {0, 24, PF_LEAK_REACHABLE, PF_LEAK_POSSIBLE}, /* 6 */
        {24, 0, PF_LEAK_POSSIBLE, PF_LEAK_POSSIBLE},  /* 7 */
        {24, 24, PF_LEAK_POSSIBLE, PF_LEAK_POSSIBLE}, /* 8 */
        {-1, 24, PF_LEAK_DEFINITE, PF_LEAK_INDIRECT}, /* 9 */
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, 2);
        if (cases[i].root_offset >= 0)
            world.root[0] = at(0) + (uint64_t)cases[i].root_offset;
        if (cases[i].block_offset >= 0)
            point(&world, 0, 2, at(1) + (uint64_t)cases[i].block_offset);

        pf_leak_judge(&world.graph);

        cr_expect_eq(world.blocks[0].kind, cases[i].a, "case %u, A", i);
        cr_expect_eq(world.blocks[1].kind, cases[i].b, "case %u, B", i);
    }
}

Test(leak_graph, a_start_pointer_found_later_lifts_a_possible_block_and_all_behind_it)
{
    struct world world;
    begin(&world, 3);
    world.root[0] = at(1) + 8;
    world.root[1] = at(0);
    point(&world, 0, 0, at(1));
    point(&world, 1, 0, at(2));

    cr_assert_eq(judged(&world, 2), PF_LEAK_REACHABLE);
    cr_assert_eq(world.blocks[1].kind, PF_LEAK_REACHABLE);
}

Test(leak_graph, a_pointer_past_the_end_is_none)
{
    struct world world;
    begin(&world, 1);
    world.root[0] = at(0) + BLOCK;

    cr_assert_eq(judged(&world, 0), PF_LEAK_DEFINITE);
}

Test(leak_graph, an_empty_block_is_one_byte_long)
{
    struct world world;
    begin(&world, 1);
    world.blocks[0].size_bytes = 0;
    world.root[0] = at(0);

    cr_assert_eq(judged(&world, 0), PF_LEAK_REACHABLE);
}

Test(leak_graph, registers_are_roots)
{
    struct world world;
    uint64_t word = at(0);
    begin(&world, 1);
    world.graph.root_words = &word;
    world.graph.root_word_count = 1;

    cr_assert_eq(judged(&world, 0), PF_LEAK_REACHABLE);
}

Test(leak_graph, only_aligned_words_are_pointers)
{
    struct world world;
    uint64_t pointer = at(0);
    begin(&world, 1);
    memcpy((uint8_t *)world.root + 3, &pointer, sizeof pointer);

    cr_assert_eq(judged(&world, 0), PF_LEAK_DEFINITE);
}

Test(leak_graph, bytes_beyond_the_requested_size_are_not_scanned)
{
    struct world world;
    begin(&world, 2);
    world.root[0] = at(0);
    point(&world, 0, BLOCK / 8, at(1));

    cr_assert_eq(judged(&world, 1), PF_LEAK_DEFINITE);
}

Test(leak_graph, a_cycle_has_one_leader_that_answers_for_all)
{
    struct world world;
    begin(&world, 3);
    point(&world, 0, 0, at(1));
    point(&world, 1, 0, at(2));
    point(&world, 2, 0, at(0));

    cr_assert_eq(judged(&world, 0), PF_LEAK_DEFINITE);
    cr_assert_eq(world.blocks[1].kind, PF_LEAK_INDIRECT);
    cr_assert_eq(world.blocks[2].kind, PF_LEAK_INDIRECT);
    cr_assert_eq(world.blocks[0].indirect_blocks, 2);
    cr_assert_eq(world.blocks[0].indirect_bytes, 2 * BLOCK);
    cr_assert_eq(world.blocks[2].leader, 0);
}

Test(leak_graph, a_leader_met_later_joins_with_its_clique)
{
    struct world world;
    begin(&world, 3);
    point(&world, 0, 0, at(1)); /* 0 leads 1 */
    point(&world, 2, 0, at(0)); /* but 2 leads 0 */

    cr_assert_eq(judged(&world, 2), PF_LEAK_DEFINITE);
    cr_assert_eq(world.blocks[0].kind, PF_LEAK_INDIRECT);
    cr_assert_eq(world.blocks[1].leader, 2);
    cr_assert_eq(world.blocks[2].indirect_blocks, 2);
    cr_assert_eq(world.blocks[0].indirect_blocks, 0);
}

Test(leak_graph, a_block_that_points_to_itself_is_definite)
{
    struct world world;
    begin(&world, 1);
    point(&world, 0, 0, at(0));

    cr_assert_eq(judged(&world, 0), PF_LEAK_DEFINITE);
    cr_assert_eq(world.blocks[0].indirect_blocks, 0);
}

Test(leak_graph, what_a_root_block_points_to_is_reachable)
{
    struct world world;
    begin(&world, 2);
    world.blocks[0].is_root = true;
    point(&world, 0, 0, at(1));

    cr_assert_eq(judged(&world, 1), PF_LEAK_REACHABLE);
}

Test(leak_graph, contents_that_were_not_copied_point_nowhere)
{
    struct world world;
    begin(&world, 2);
    world.root[0] = at(0);
    point(&world, 0, 0, at(1));
    world.heap_range.size = 32; /* cuts the first block short */

    cr_assert_eq(judged(&world, 1), PF_LEAK_DEFINITE);
}

struct heuristic {
    const char *name;
    uint64_t words[3];
    unsigned offset;
    enum pf_leak_kind kind;
};

Test(leak_graph, knows_interior_pointers_that_mean_the_whole_block)
{
    static const struct heuristic cases[] = {
        {"length64", {BLOCK - 8, 0, 0}, 8, PF_LEAK_REACHABLE},
        {"length64 of another size", {BLOCK + 8, 0, 0}, 8, PF_LEAK_POSSIBLE},
        {"std::string", {10, BLOCK - 25, 0}, 24, PF_LEAK_REACHABLE},
        {"std::string longer than its room", {40, BLOCK - 25, 0}, 16, PF_LEAK_POSSIBLE},
        {"new[7]", {7, 0, 0}, 8, PF_LEAK_REACHABLE},
        {"new[9] does not divide", {9, 0, 0}, 8, PF_LEAK_POSSIBLE},
        {"none", {0, 0, 0}, 8, PF_LEAK_POSSIBLE},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, 1);
        memcpy(world.heap, cases[i].words, sizeof cases[i].words);
        world.root[0] = at(0) + cases[i].offset;

        cr_expect_eq(judged(&world, 0), cases[i].kind, "%s", cases[i].name);
    }
}

Test(leak_graph, knows_a_second_base_by_its_vtable)
{
    struct world world;
    struct pf_leak_range code = {.start = 0x400000, .size = 0x1000};
    begin(&world, 1);
    world.graph.code = &code;
    world.graph.code_count = 1;
    world.root[4] = 0x400100; /* a vtable at the root range's fifth word */
    point(&world, 0, 0, 0x900000 + 32);
    point(&world, 0, 2, 0x900000 + 32);
    world.root[0] = at(0) + 16;

    cr_assert_eq(judged(&world, 0), PF_LEAK_REACHABLE);

    code.start = 0x500000; /* what it points to is no code */
    cr_assert_eq(judged(&world, 0), PF_LEAK_POSSIBLE);
}

Test(leak_graph, an_empty_heap_is_judged)
{
    struct world world;
    begin(&world, 0);

    pf_leak_judge(&world.graph);
}

enum { CHAIN = 300000 };

/* Lost from its far end to its head: every block first leads a clique of its own, and each of them
 * joins the next. To follow every chain to its end would take minutes. */
Test(leak_graph, a_long_list_found_from_its_last_block_costs_one_look_at_each)
{
    struct pf_leak_block *blocks = calloc(CHAIN, sizeof *blocks);
    uint64_t *heap = calloc(CHAIN, sizeof *heap);
    cr_assert(blocks && heap);
    for (uint32_t i = 0; i < CHAIN; i++) {
        blocks[i] = (struct pf_leak_block){.start = BASE + i * sizeof *heap, .size_bytes = 8};
        heap[i] = i > 0 ? blocks[i - 1].start : 0;
    }
    struct pf_leak_range range = {BASE, (const uint8_t *)heap, CHAIN * sizeof *heap};
    struct pf_leak_graph graph = {
        .blocks = blocks, .block_count = CHAIN, .heap = &range, .heap_count = 1};

    pf_leak_judge(&graph);

    cr_expect_eq(blocks[CHAIN - 1].kind, PF_LEAK_DEFINITE);
    cr_expect_eq(blocks[CHAIN - 1].indirect_blocks, CHAIN - 1);
    cr_expect_eq(blocks[0].kind, PF_LEAK_INDIRECT);
    cr_expect_eq(blocks[0].leader, CHAIN - 1);
    cr_expect_eq(blocks[CHAIN / 2].leader, CHAIN - 1);
    free(blocks);
    free(heap);
}
