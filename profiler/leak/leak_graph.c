/* SPDX-License-Identifier: MIT */
#include "profiler/leak/leak_graph.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/leak/leak_heuristics.h"
#include "profiler/leak/leak_index.h"

enum { WORD = 8 };

enum state { UNREACHED, POSSIBLE, REACHABLE, INDIRECT, LEADER };

struct marker {
    struct pf_leak_graph *graph;
    struct pf_leak_index index;
    uint8_t *state;  /* enum state of each block */
    uint32_t *stack; /* blocks whose contents are yet to be followed */
    size_t stack_count, stack_capacity;
};

const char *pf_leak_kind_name(enum pf_leak_kind kind)
{
    static const char *const names[PF_LEAK_KINDS] = {"definite", "indirect", "possible",
                                                     "reachable"};
    return names[kind];
}

static void push(struct marker *marker, uint32_t block)
{
    if (marker->stack_count == marker->stack_capacity) {
        marker->stack_capacity = marker->stack_capacity ? marker->stack_capacity * 2 : 1024;
        marker->stack = pf_mem_resize(marker->stack, marker->stack_capacity, sizeof *marker->stack);
    }
    marker->stack[marker->stack_count++] = block;
}

/* The copied contents of a block; NULL unless all of it was copied. */
static const uint8_t *contents_of(const struct marker *marker, const struct pf_leak_block *block)
{
    const struct pf_leak_graph *graph = marker->graph;
    size_t low = 0;
    size_t high = graph->heap_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (graph->heap[middle].start <= block->start)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct pf_leak_range *range = &graph->heap[low - 1];
    uint64_t offset = block->start - range->start;
    if (offset > range->size || block->size_bytes > range->size - offset)
        return NULL;
    return range->bytes + offset;
}

/* A pointer found in memory that is itself reachable by start-pointers alone (is_sure) or not. */
static void follow(struct marker *marker, uint64_t pointer, bool is_sure)
{
    uint32_t found = pf_leak_index_find(&marker->index, pointer);
    if (found == PF_LEAK_NO_BLOCK || marker->state[found] == REACHABLE)
        return;

    const struct pf_leak_block *block = &marker->graph->blocks[found];
    bool is_start = pointer == block->start
                    || (is_sure
                        && pf_leak_interior_is_start(marker->graph, block,
                                                     contents_of(marker, block), pointer));
    if (is_sure && is_start) {
        marker->state[found] = REACHABLE;
        push(marker, found);
    } else if (marker->state[found] == UNREACHED) {
        marker->state[found] = POSSIBLE;
        push(marker, found);
    }
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Calls follow for each aligned word in a piece of memory that could be a pointer to a block. */
static void scan(struct marker *marker, uint64_t start, const uint8_t *bytes, uint64_t size,
                 bool is_sure)
{
    uint64_t low = marker->index.low;
    uint64_t span = marker->index.high - low;
    uint64_t offset = (WORD - start % WORD) % WORD;

    for (; offset + WORD <= size; offset += WORD) {
        uint64_t word = word_at(bytes + offset);
        if (word - low < span)
            follow(marker, word, is_sure);
    }
}

static void drain(struct marker *marker)
{
    while (marker->stack_count > 0) {
        uint32_t at = marker->stack[--marker->stack_count];
        const struct pf_leak_block *block = &marker->graph->blocks[at];
        const uint8_t *contents = contents_of(marker, block);
        if (contents)
            scan(marker, block->start, contents, block->size_bytes, marker->state[at] == REACHABLE);
    }
}

static void mark_from_roots(struct marker *marker)
{
    const struct pf_leak_graph *graph = marker->graph;

    for (uint32_t i = 0; i < graph->block_count; i++)
        if (graph->blocks[i].is_root) {
            marker->state[i] = REACHABLE;
            push(marker, i);
        }
    for (size_t i = 0; i < graph->root_word_count; i++)
        follow(marker, graph->root_words[i], true);
    for (size_t i = 0; i < graph->root_count; i++)
        scan(marker, graph->roots[i].start, graph->roots[i].bytes, graph->roots[i].size, true);
    drain(marker);
}

/* A lost block found inside leader's clique. A leader of earlier brings its own clique along. */
static void join_clique(struct marker *marker, uint32_t leader, uint64_t pointer)
{
    uint32_t found = pf_leak_index_find(&marker->index, pointer);
    if (found == PF_LEAK_NO_BLOCK || found == leader)
        return;
    if (marker->state[found] != UNREACHED && marker->state[found] != LEADER)
        return;

    struct pf_leak_block *block = &marker->graph->blocks[found];
    struct pf_leak_block *head = &marker->graph->blocks[leader];
    head->indirect_bytes += block->size_bytes + block->indirect_bytes;
    head->indirect_blocks += 1 + block->indirect_blocks;
    block->indirect_bytes = 0;
    block->indirect_blocks = 0;
    block->leader = leader;
    if (marker->state[found] == UNREACHED)
        push(marker, found);
    marker->state[found] = INDIRECT;
}

static void gather_clique(struct marker *marker, uint32_t leader)
{
    uint64_t low = marker->index.low;
    uint64_t span = marker->index.high - low;

    marker->state[leader] = LEADER;
    push(marker, leader);
    while (marker->stack_count > 0) {
        const struct pf_leak_block *block =
            &marker->graph->blocks[marker->stack[--marker->stack_count]];
        const uint8_t *contents = contents_of(marker, block);
        uint64_t offset = (WORD - block->start % WORD) % WORD;
        for (; contents && offset + WORD <= block->size_bytes; offset += WORD) {
            uint64_t word = word_at(contents + offset);
            if (word - low < span)
                join_clique(marker, leader, word);
        }
    }
}

/* A block's leader may itself have joined another clique since. A list lost from its last element
 * to its first is one chain of leaders: each is followed once, and all on the way are told. */
static void settle_leaders(struct pf_leak_graph *graph, const uint8_t *state)
{
    for (uint32_t i = 0; i < graph->block_count; i++) {
        uint32_t leader = i;
        while (state[leader] == INDIRECT)
            leader = graph->blocks[leader].leader;
        for (uint32_t at = i; state[at] == INDIRECT && graph->blocks[at].leader != leader;) {
            uint32_t next = graph->blocks[at].leader;
            graph->blocks[at].leader = leader;
            at = next;
        }
    }
}

static void write_kinds(struct pf_leak_graph *graph, const uint8_t *state)
{
    static const enum pf_leak_kind kinds[] = {
        [UNREACHED] = PF_LEAK_DEFINITE,  [POSSIBLE] = PF_LEAK_POSSIBLE,
        [REACHABLE] = PF_LEAK_REACHABLE, [INDIRECT] = PF_LEAK_INDIRECT,
        [LEADER] = PF_LEAK_DEFINITE,
    };

    for (uint32_t i = 0; i < graph->block_count; i++)
        graph->blocks[i].kind = kinds[state[i]];
}

void pf_leak_judge(struct pf_leak_graph *graph)
{
    struct marker marker = {.graph = graph};

    for (uint32_t i = 0; i < graph->block_count; i++) {
        graph->blocks[i].leader = i;
        graph->blocks[i].indirect_blocks = 0;
        graph->blocks[i].indirect_bytes = 0;
    }
    pf_leak_index_init(&marker.index, graph->blocks, graph->block_count);
    marker.state = pf_mem_new(graph->block_count + 1u, 1);
    mark_from_roots(&marker);
    for (uint32_t i = 0; i < graph->block_count; i++)
        if (marker.state[i] == UNREACHED)
            gather_clique(&marker, i);
    settle_leaders(graph, marker.state);
    write_kinds(graph, marker.state);

    free(marker.state);
    free(marker.stack);
    pf_leak_index_fini(&marker.index);
}
