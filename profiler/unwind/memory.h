/*
 * Words of the memory being unwound.
 *
 * Context: pure; as safe as the reader handed in.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_MEMORY_H
#define PROFILER_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "profiler/unwind/step.h"

/* The word at addr, which need not be aligned. False, *word untouched, if it cannot be read. */
static inline bool pf_memory_word(const struct pf_memory *memory, uint64_t addr, uint64_t *word)
{
    uint64_t offset = addr - memory->low;

    if (addr >= memory->low && memory->high - memory->low >= sizeof *word
        && offset <= memory->high - memory->low - sizeof *word) {
        memcpy(word, (const uint8_t *)memory->bytes + offset, sizeof *word);
        return true;
    }
    return memory->read_word && memory->read_word(memory->from, addr, word);
}

/* Why the word at addr could not be read. */
enum pf_lost pf_memory_why(const struct pf_memory *memory, uint64_t addr);

#endif
