/*
 * A block of rows from outside (a cache file, shared memory): refused, or safe to walk by.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/unwind/rows.h"
#include "profiler/unwind/step.h"

enum { CODE = 0x400000, STACK = 0x7f0000, WORDS = 64, PCS = 48 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct pf_rows *rows, const uint8_t *data, size_t size)
{
    uint64_t words[WORDS];
    const struct pf_code code = {CODE, CODE + (1 << 24), CODE, rows, 0, 0};
    const struct pf_code_map map = {&code, 1};
    const struct pf_memory memory = {.bytes = words, .low = STACK, .high = STACK + sizeof words};
    uint64_t pcs[PCS];
    struct pf_trail trail = {.pcs = pcs, .capacity = PCS};
    struct pf_regs regs = {.known = 0x1ffff};

    for (size_t i = 0; i < WORDS; i++)
        words[i] = data[i % size] & 1 ? CODE + data[i % size] * 97ULL : STACK + data[i % size];
    for (uint64_t i = 0; i < 32; i++) {
        for (int reg = 0; reg < PF_REG_COUNT; reg++)
            regs.at[reg] = words[(i + (uint64_t)reg) % WORDS];
        regs.at[PF_REG_RSP] = STACK + i * 8;
        regs.at[PF_REG_PC] = CODE + i * 0x843;
        pf_unwind_stack(&trail, &regs, &map, &memory);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    void *block = malloc(size);
    memcpy(block, data, size);
    const struct pf_rows *rows = pf_rows_check((struct pf_bytes){block, size});
    if (rows)
        walk(rows, data, size);
    free(block);
    return 0;
}
