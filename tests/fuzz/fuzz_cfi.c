/*
 * Call frame information of any bytes: compiled, checked, searched, and walked by.
 *
 * The first byte says what the rest is (.eh_frame, .debug_frame, or an image with a header); the
 * last 64 double as stack. A cached walk must agree with an uncached one whatever the rules are.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/unwind/rows.h"
#include "profiler/unwind/unwind_cache.h"

enum { CODE = 0x400000, STACK = 0x7f0000, WORDS = 64, PCS = 48, INPUT_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pf_cfi_source source_of(const uint8_t *data, size_t size)
{
    struct pf_bytes bytes = {data + 1, size - 1};

    switch (data[0] % 3) {
    case 0:
        return (struct pf_cfi_source){.eh_frame = bytes, .eh_frame_addr = 0x10000};
    case 1:
        return (struct pf_cfi_source){.debug_frame = bytes};
    default:
        return (struct pf_cfi_source){.eh_frame_hdr = pf_bytes_part(bytes, 0, 12),
                                      .eh_frame_hdr_addr = 0x10000,
                                      .image = bytes,
                                      .image_addr = 0x10000};
    }
}

/* Addresses of functions and of the stack, so that walks get somewhere. */
static void fill_stack(uint64_t words[WORDS], const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < WORDS; i++) {
        uint8_t byte = data[size - 1 - i % size];
        words[i] = byte & 1 ? CODE + 0x1000 + byte * 8ULL : STACK + (byte / 2) * 4ULL;
    }
}

static void walk(const struct pf_rows *rows, const uint8_t *data, size_t size)
{
    static _Alignas(64) uint8_t block[PF_UNWIND_CACHE_BYTES];
    static uint64_t words[WORDS];
    const struct pf_code code = {CODE, CODE + (1 << 20), CODE, rows, 0, 0};
    const struct pf_code_map map = {&code, 1};
    const struct pf_memory memory = {.bytes = words, .low = STACK, .high = STACK + sizeof words};
    uint64_t plain_pcs[PCS] = {0};
    uint64_t cached_pcs[PCS] = {0};
    struct pf_trail plain = {.pcs = plain_pcs, .capacity = PCS};
    struct pf_trail cached = {.pcs = cached_pcs, .capacity = PCS};
    struct pf_regs regs = {.known = data[0] & 0x80 ? 0x1ffff : 0x100c0};

    fill_stack(words, data, size);
    memset(block, 0, sizeof block);
    for (uint64_t i = 0; i < 16; i++) {
        for (int reg = 0; reg < PF_REG_COUNT; reg++)
            regs.at[reg] = words[(i * 7 + (uint64_t)reg) % WORDS];
        regs.at[PF_REG_RSP] = STACK + i * 8;
        regs.at[PF_REG_PC] = CODE + 0x1000 + i * 16;
        words[(i * 5) % WORDS] ^= i & 1 ? 8 : 0;
        pf_unwind_stack(&plain, &regs, &map, &memory);
        (void)pf_unwind_stack_cached(&cached, &regs, &map, &memory, pf_unwind_cache_view(block));
        if (plain.count != cached.count || plain.is_rooted != cached.is_rooted
            || plain.lost != cached.lost || plain.guessed != cached.guessed
            || plain.top != cached.top
            || memcmp(plain_pcs, cached_pcs, plain.count * sizeof *plain_pcs) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_rows_stats stats;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    struct pf_cfi_source source = source_of(data, size);
    struct pf_room table = {.size = pf_rows_bound(&source)};
    struct pf_room scratch = {.size = pf_rows_scratch(&source)};
    if (scratch.size == 0)
        return 0;
    table.at = malloc(table.size);
    scratch.at = malloc(scratch.size);
    size_t got = pf_rows_build(table, scratch, &source, &stats);
    if (got > table.size)
        abort();
    if (got > 0) {
        const struct pf_rows *rows = pf_rows_check((struct pf_bytes){table.at, got});
        if (!rows)
            abort();
        walk(rows, data, size);
    }
    free(table.at);
    free(scratch.at);
    return 0;
}
