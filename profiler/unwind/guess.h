/*
 * The caller of code that no rows describe.
 *
 * Tried in turn: the kernel's signal frame, a return address on top of the stack (innermost frame
 * only), the frame pointer, then the first word up the stack that is the address behind a call.
 * What is found is a guess, and said to be one.
 *
 * Context: pure; reads memory only through the reader handed in. Belongs to the architecture
 * (guess_x86_64.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_GUESS_H
#define PROFILER_UNWIND_GUESS_H

#include <stdbool.h>

#include "profiler/unwind/step.h"

enum { PF_GUESS_SCAN_WORDS = 128 };

struct pf_guess {
    const struct pf_code_map *map;
    const struct pf_memory *memory;
    bool is_exact;             /* the pc was interrupted, not returned to */
    bool trusts_frame_pointer; /* PF_CODE_FRAME_POINTERS */
    bool was_signal;           /* out: the frame was the kernel's signal frame: no guess */
};

/* PF_STEP_LOST (regs untouched) where nothing is found; the reason is the caller's to say. */
enum pf_step pf_guess_caller(struct pf_guess *guess, struct pf_regs *regs);

#endif
