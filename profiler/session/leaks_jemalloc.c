/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_jemalloc.h"

#include <string.h>

enum {
    WORD = 8,
    BIN_BYTES = 3 * WORD, /* top of the stack, requests, three ends of it in 16 bits each */
    BINS_LEAST = 16,      /* as many in a row to know a cache; it has 36 for small sizes alone */
    ADDRESS_BITS = 47,
};

/* One bin: a stack that grows downward from empty to full. */
struct bin {
    uint64_t top;
    uint16_t low_water, full, empty; /* low bits of addresses */
};

bool pf_jemalloc_is_base(uint64_t address, const uint64_t *words, uint64_t *size)
{
    uint64_t block_bytes = words[0];
    uint64_t next = words[1];
    uint64_t unused_at = words[3];
    uint64_t unused_bytes = words[4];

    if (address % PF_JEMALLOC_BASE_ALIGN || block_bytes == 0 || block_bytes % PF_JEMALLOC_BASE_ALIGN
        || block_bytes >> ADDRESS_BITS || next % PF_JEMALLOC_BASE_ALIGN)
        return false;
    if (unused_at <= address || unused_bytes > block_bytes
        || unused_at + unused_bytes != address + block_bytes)
        return false;
    *size = block_bytes;
    return true;
}

/* The bin at an offset that has room for one; false if these bytes are none. */
static bool read_bin(const struct pf_leak_range *range, uint64_t offset, struct bin *out)
{
    uint16_t ends[4];

    memcpy(&out->top, range->bytes + offset, sizeof out->top);
    memcpy(ends, range->bytes + offset + 2 * WORD, sizeof ends);
    out->low_water = ends[0];
    out->full = ends[1];
    out->empty = ends[2];
    uint16_t bytes = (uint16_t)(out->empty - out->full);
    return out->top != 0 && out->top >> ADDRESS_BITS == 0 && out->top % WORD == 0
           && bytes % WORD == 0 && ends[3] == 0 && (uint16_t)(out->top - out->full) <= bytes
           && (uint16_t)(out->low_water - out->full) <= bytes;
}

static uint64_t begin_of(const struct bin *bin)
{
    return bin->top - (uint16_t)(bin->top - bin->full);
}

static uint64_t end_of(const struct bin *bin)
{
    return bin->top + (uint16_t)(bin->empty - bin->top);
}

/* How many bins stand in a row from offset on; the last of them in *last. */
static uint32_t bins_from(const struct pf_leak_range *range, uint64_t offset, struct bin *last)
{
    struct bin bin;
    uint32_t count = 1;

    for (offset += BIN_BYTES; offset + BIN_BYTES <= range->size; offset += BIN_BYTES, count++) {
        if (!read_bin(range, offset, &bin) || begin_of(&bin) != end_of(last))
            break;
        *last = bin;
    }
    return count;
}

void pf_jemalloc_caches(const struct pf_leak_range *range, struct pf_leaks_spans *caches)
{
    uint64_t offset = (WORD - range->start % WORD) % WORD;

    while (offset + BIN_BYTES <= range->size) {
        struct bin first;
        uint32_t count = 0;
        if (read_bin(range, offset, &first)) {
            struct bin last = first;
            count = bins_from(range, offset, &last);
            if (count >= BINS_LEAST && end_of(&last) > begin_of(&first))
                pf_leaks_spans_add(caches, begin_of(&first), end_of(&last));
        }
        offset += count >= BINS_LEAST ? (uint64_t)count * BIN_BYTES : WORD;
    }
}
