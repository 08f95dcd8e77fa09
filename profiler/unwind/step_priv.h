/*
 * One step with all it tells, for this folder.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_STEP_PRIV_H
#define PROFILER_UNWIND_STEP_PRIV_H

#include <stdbool.h>

#include "profiler/unwind/rows_priv.h"
#include "profiler/unwind/step.h"

struct pf_frame {
    const struct pf_code *code; /* NULL: pc is in no mapping */
    enum pf_lost lost;
    bool guessed; /* the caller was found without CFI */
    bool signal;  /* the caller was interrupted */
};

/* The rule that holds at lookup_pc; sets frame->code. Never NULL. */
const struct pf_rule *pf_frame_rule(struct pf_frame *frame, const struct pf_code_map *map,
                                    uint64_t lookup_pc);

/* As pf_unwind_step. is_exact: the pc was interrupted, not returned to. regs->known must hold pc
 * and stack pointer. */
enum pf_step pf_frame_step(struct pf_frame *frame, struct pf_regs *regs, bool is_exact,
                           const struct pf_code_map *map, const struct pf_memory *memory);

/* Write what a walk that stopped in frame came to. */
void pf_trail_finish(struct pf_trail *trail, enum pf_step step, const struct pf_frame *frame);

/* Bit index of bits, if it has one. */
static inline void pf_trail_mark(uint64_t *bits, uint32_t index)
{
    if (index < 64)
        *bits |= 1ULL << index;
}

/* The frame at index was found without CFI, from frame. */
static inline void pf_trail_mark_guess(struct pf_trail *trail, uint32_t index,
                                       const struct pf_frame *frame)
{
    if (!trail->guessed)
        trail->guess_object = frame->code ? frame->code->object : UINT32_MAX;
    pf_trail_mark(&trail->guessed, index);
}

#endif
