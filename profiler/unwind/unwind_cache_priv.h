/*
 * What an unwind cache remembers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_UNWIND_CACHE_PRIV_H
#define PROFILER_UNWIND_UNWIND_CACHE_PRIV_H

#include <assert.h>
#include <stdint.h>

#include "profiler/unwind/unwind_cache.h"

enum { PF_CACHED_RULES = 2048, PF_CACHED_WAYS = 4, PF_CACHED_FRAMES = 384, PF_CACHED_FRONT = 64 };

/* How a frame is left: of a rule, and of a frame that was left by one. None of them: the CFA is the
 * stack pointer + cfa_offset, and the frame pointer is the caller's. */
enum pf_quick_flag {
    PF_QUICK_END = 1,   /* not at all: it is the outermost */
    PF_QUICK_SLOW = 2,  /* by pf_frame_step; what lies outside cannot be told by comparing */
    PF_QUICK_SAVES = 4, /* the caller's frame pointer is saved at CFA + fp_offset */
    PF_QUICK_BY_FP = 8, /* the CFA is the frame pointer + cfa_offset */
    PF_QUICK_FLAGS = 15,
    /* Of frames only: */
    PF_PAST_EXACT = 16,    /* its pc was interrupted, not returned to */
    PF_PAST_NEEDS_FP = 32, /* its frame pointer decides about frames outside of it */
};

/* Above a rule's flags: the slot where the caller's rule was last time. */
enum { PF_QUICK_NEXT_SHIFT = 5 };
static_assert(PF_CACHED_RULES << PF_QUICK_NEXT_SHIFT == 1 << 16, "a slot's number fits");

/* A rule by pc: the return address itself, or one more than an exact pc. 0 is empty. Stands in one
 * of PF_CACHED_WAYS neighbours, which share a line of the processor's cache. */
struct pf_quick {
    uint64_t key;
    int32_t cfa_offset;
    int16_t fp_offset;
    uint16_t flags;
};

/* A frame of the walk before, and the registers in it. fp is only to be believed where
 * PF_PAST_NEEDS_FP is set. */
struct pf_past {
    uint64_t pc, sp, fp;
    int16_t fp_offset;
    uint16_t flags;
    uint32_t unused;
};

/*
 * Two buffers of frames take turns: the stack before lies in one, [first, end), and the walk notes
 * its frames in the other. Both leave room in front for frames that are put before those kept. The
 * frame at end only ends searches.
 */
struct pf_unwind_cache {
    _Alignas(64) struct pf_quick rules[PF_CACHED_RULES];
    uint64_t generation;
    uint32_t past_buffer, past_first, past_end;
    uint32_t unused;
    struct pf_past frames[2][PF_CACHED_FRAMES + 1];
};

static_assert(sizeof(struct pf_unwind_cache) <= PF_UNWIND_CACHE_BYTES, "the block is too small");

#endif
