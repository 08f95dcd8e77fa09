/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_glibc.h"

#include <string.h>

enum {
    WORD = 8,
    TCB_ALIGN = 64,
    BIN_BACK = 16,   /* an empty bin's links point two words before themselves */
    EMPTY_BINS = 32, /* as many of an arena's 127 must be empty to know it */
    BINS_BYTES = 254 * WORD,
    ARENA_BEFORE = 256, /* mutex, flags, fast bins, top; bins in use before the first empty one */
    ARENA_AFTER = 2200, /* sizeof(struct malloc_state) */
};

static uint64_t word_at(const struct pf_leak_range *range, uint64_t offset)
{
    uint64_t word;

    memcpy(&word, range->bytes + offset, sizeof word);
    return word;
}

bool pf_glibc_is_heap(uint64_t address, const uint64_t *words, uint64_t *size)
{
    uint64_t arena = words[0];
    uint64_t previous = words[1];
    uint64_t in_arena = arena % PF_GLIBC_HEAP_ALIGN;

    if (address % PF_GLIBC_HEAP_ALIGN != 0 || in_arena < 4 * WORD || in_arena > 16 * WORD)
        return false;
    /* The first heap holds its arena; the others name the one before. */
    if (previous == 0 ? arena - in_arena != address : previous % PF_GLIBC_HEAP_ALIGN != 0)
        return false;
    if (words[2] == 0 || words[2] > words[3] || words[3] > PF_GLIBC_HEAP_ALIGN)
        return false;
    *size = words[2];
    return true;
}

static bool is_live(uint64_t address, const uint64_t *live, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (live[i] == address)
            return true;
    return false;
}

void pf_glibc_dead_stacks(const struct pf_leak_range *range, uint64_t floor, const uint64_t *live,
                          uint32_t live_count, struct pf_leaks_spans *dead)
{
    uint64_t offset = (TCB_ALIGN - range->start % TCB_ALIGN) % TCB_ALIGN;

    for (; offset + 3 * WORD <= range->size; offset += TCB_ALIGN) {
        uint64_t address = range->start + offset;
        if (word_at(range, offset) != address || word_at(range, offset + 2 * WORD) != address
            || word_at(range, offset + WORD) == address)
            continue;
        if (!is_live(address, live, live_count))
            pf_leaks_spans_add(dead, floor, address + PF_GLIBC_TCB_BYTES);
        floor = address + PF_GLIBC_TCB_BYTES;
    }
}

static bool is_empty_bin(const struct pf_leak_range *range, uint64_t offset)
{
    uint64_t self = range->start + offset - BIN_BACK;

    return word_at(range, offset) == self && word_at(range, offset + WORD) == self;
}

static unsigned empty_bins_from(const struct pf_leak_range *range, uint64_t offset)
{
    uint64_t end = offset + BINS_BYTES < range->size ? offset + BINS_BYTES : range->size;
    unsigned count = 0;

    for (; offset + 2 * WORD <= end; offset += 2 * WORD)
        count += is_empty_bin(range, offset);
    return count;
}

void pf_glibc_arena(const struct pf_leak_range *range, struct pf_leaks_spans *arena)
{
    uint64_t offset = (WORD - range->start % WORD) % WORD;

    for (; offset + 2 * WORD <= range->size; offset += WORD) {
        if (!is_empty_bin(range, offset) || empty_bins_from(range, offset) < EMPTY_BINS)
            continue;
        uint64_t first = range->start + offset;
        pf_leaks_spans_add(arena, first - ARENA_BEFORE, first + ARENA_AFTER);
        offset += ARENA_AFTER - WORD;
    }
}
