/*
 * From one frame to its caller, by compact rows.
 *
 * The caller hands in where code is mapped (struct pf_code_map), how to read the stack
 * (struct pf_memory) and the registers; nothing here knows processes, signals or names.
 *
 * Context: pure, no locks, no allocation; safe in a signal handler if memory.read_word is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_STEP_H
#define PROFILER_UNWIND_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/regs.h"

struct pf_rows; /* rows.h: one object's unwind rows, flat and position-independent */

/* One mapped range of code. Addresses run in the process; rows speak file addresses (ELF vaddr). */
struct pf_code {
    uint64_t start, end;
    uint64_t bias;              /* process address = file_addr + bias */
    const struct pf_rows *rows; /* NULL: no CFI known, the frame pointer is tried */
    uint32_t object;            /* the owner's number for it, handed back in pf_trail */
    uint32_t flags;             /* enum pf_code_flag */
};

enum pf_code_flag {
    PF_CODE_FRAME_POINTERS = 1, /* trust rbp where rows say nothing (JIT code) */
};

/* Sorted by start, not overlapping; borrowed. */
struct pf_code_map {
    const struct pf_code *at;
    size_t count;
};

/*
 * Memory to read words of the stack from. [low, high) is read directly from bytes; anything else
 * goes to read_word, which must not fault (NULL: unreadable).
 */
struct pf_memory {
    const void *bytes;
    uint64_t low, high;
    bool (*read_word)(void *from, uint64_t addr, uint64_t *word);
    void *from;
};

enum pf_step {
    PF_STEP_FRAME, /* regs are the caller's */
    PF_STEP_END,   /* that was the outermost frame: the stack is rooted */
    PF_STEP_LOST,  /* regs untouched; see the reason */
};

enum pf_lost {
    PF_LOST_NOT,
    PF_LOST_NO_CODE,      /* pc is in no mapping */
    PF_LOST_NO_RULE,      /* object has no CFI there and the frame pointer leads nowhere */
    PF_LOST_OUT_OF_BYTES, /* the rule asks for memory that was not copied: a larger copy would help
                           */
    PF_LOST_BAD_MEMORY,   /* the rule asks for memory that cannot be */
    PF_LOST_NO_PROGRESS,  /* the caller's stack pointer would not move up */
    PF_LOST_EXPRESSION,   /* a DWARF expression beyond what is supported */
    PF_LOST_DEPTH,        /* the array was full */
    PF_LOST_NO_REGISTER,  /* the rule needs a register whose value is not known */
};

/* In pf_regs.known, beside the bits of registers: the pc was interrupted by a signal, not returned
 * to, so it is looked up as it stands. pf_unwind_step sets and obeys it. */
#define PF_REGS_EXACT_PC (1U << 31)

/* Step once, in place. is_return is true from the second frame on: the lookup subtracts one from
 * pc, unless PF_REGS_EXACT_PC says otherwise. */
enum pf_step pf_unwind_step(struct pf_regs *regs, bool is_return, const struct pf_code_map *map,
                            const struct pf_memory *memory, enum pf_lost *lost);

/* A whole stack, leaf first. */
struct pf_trail {
    uint64_t *pcs; /* caller's array: [0] the pc, then return addresses */
    uint32_t capacity;
    uint32_t count;       /* out */
    bool is_rooted;       /* out: reached the end of the stack */
    enum pf_lost lost;    /* out: why not */
    uint32_t lost_object; /* out: pf_code.object of the frame it stopped in, UINT32_MAX if none */
    uint64_t
        guessed; /* out: bit i: frame i (< 64) was found without CFI, by frame pointer or scan */
    uint32_t guess_object; /* out: pf_code.object of the innermost frame without CFI, or UINT32_MAX
                              where it lies in no code; only if guessed */
    uint64_t signals; /* out: bit i: frame i (< 64) was interrupted by a signal: its pc is exact */
    uint64_t top;     /* out: the outermost frame's stack pointer: so far up the stack was used */
};

void pf_unwind_stack(struct pf_trail *trail, const struct pf_regs *regs,
                     const struct pf_code_map *map, const struct pf_memory *memory);

#endif
