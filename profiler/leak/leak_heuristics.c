/* SPDX-License-Identifier: MIT */
#include "profiler/leak/leak_heuristics.h"

#include <string.h>

#include "profiler/leak/leak_graph.h"

enum { WORD = 8, VTABLE_WORDS = 8 };

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

static bool is_std_string(const uint8_t *contents, uint64_t size, uint64_t offset)
{
    if (offset != 3 * WORD || size < 3 * WORD)
        return false;
    uint64_t length = word_at(contents);
    uint64_t capacity = word_at(contents + WORD);
    return length <= capacity && capacity < size && 3 * WORD + capacity + 1 == size;
}

static bool is_length64(const uint8_t *contents, uint64_t size, uint64_t offset)
{
    return offset == WORD && size > WORD && word_at(contents) == size - WORD;
}

static bool is_new_array(const uint8_t *contents, uint64_t size, uint64_t offset)
{
    if (offset != WORD || size <= WORD)
        return false;
    uint64_t count = word_at(contents);
    return count > 0 && count <= size - WORD && (size - WORD) % count == 0;
}

static bool is_code(const struct pf_leak_graph *graph, uint64_t address)
{
    for (size_t i = 0; i < graph->code_count; i++)
        if (address - graph->code[i].start < graph->code[i].size)
            return true;
    return false;
}

/* A vtable was relocated at start, hence lies in a root range; its first words that are not zero
 * (offset-to-top may be) are functions. */
static bool is_vtable(const struct pf_leak_graph *graph, uint64_t address)
{
    if (address % WORD != 0)
        return false;
    for (size_t i = 0; i < graph->root_count; i++) {
        const struct pf_leak_range *range = &graph->roots[i];
        uint64_t offset = address - range->start;
        if (offset >= range->size)
            continue;
        for (unsigned n = 0; n < VTABLE_WORDS && offset + WORD <= range->size;
             n++, offset += WORD) {
            uint64_t word = word_at(range->bytes + offset);
            if (word != 0)
                return is_code(graph, word);
        }
        return false;
    }
    return false;
}

static bool is_second_base(const struct pf_leak_graph *graph, const uint8_t *contents,
                           uint64_t size, uint64_t offset)
{
    return offset % WORD == 0 && size >= 2 * WORD && offset <= size - WORD
           && is_vtable(graph, word_at(contents)) && is_vtable(graph, word_at(contents + offset));
}

bool pf_leak_interior_is_start(const struct pf_leak_graph *graph, const struct pf_leak_block *block,
                               const uint8_t *contents, uint64_t address)
{
    uint64_t offset = address - block->start;

    if (!contents)
        return false;
    return is_std_string(contents, block->size_bytes, offset)
           || is_length64(contents, block->size_bytes, offset)
           || is_new_array(contents, block->size_bytes, offset)
           || is_second_base(graph, contents, block->size_bytes, offset);
}
