/*
 * Interned stacks: every distinct run of return addresses once, known by a number.
 *
 * Insert-only, without a lock. Five levels of open addressing, each four times the one before, so
 * that a program with few stacks touches few pages; stacks met early, the hot ones, live in the
 * first. A stack's number is the place of its entry, hence known the moment the entry is claimed.
 * Stacks are told apart by 64 bits of hash alone: with a million of them two collide once in 10^7
 * runs.
 *
 * A deep stack is a chain of pieces, cut from the root: its outer frames, which a recursion has in
 * every sample, are kept once. Its number is that of the innermost piece.
 *
 * Units:    pcs are return addresses, innermost first.
 * Context:  pure; intern is safe in signal context.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGION_STACKS_H
#define PROFILER_TRACE_REGION_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/trace/region.h"

enum {
    PF_STACK_PIECE = 64, /* frames of one entry */
    PF_STACK_DEPTH_MAX = 1024,
    PF_STACK_FIRST_SHIFT = 12, /* entries of level 0: 4096; of level n: 4096 << 2n */
    PF_STACK_PROBES = 8,
    PF_STACKS_ENTRIES = 4096 * 341, /* 1 + 4 + 16 + 64 + 256 */
    PF_STACKS_BYTES = PF_STACKS_ENTRIES * 16,
};

/* Numbers that are not an entry. */
enum pf_stack_number {
    PF_STACK_NONE = 0,
    PF_STACK_UNKNOWN = 1,   /* tables full, or asked for while the thread was already in a hook */
    PF_STACK_EARLY = 2,     /* allocated before the agent was ready */
    PF_STACK_INHERITED = 3, /* by the process this one was forked from */
    PF_STACK_FIRST = 16,    /* entries begin here */
};

struct pf_stack_entry {
    _Atomic uint64_t hash;  /* 0: free */
    _Atomic uint32_t pc_at; /* into pcs, plus 1; 0: not written yet */
    _Atomic uint16_t pc_count;
    _Atomic uint16_t flags; /* enum pf_stack_flag */
};

enum pf_stack_flag {
    PF_STACK_TRUNCATED = 1, /* the walk did not reach the outermost frame */
    PF_STACK_HAS_OUTER = 2, /* of entries: the number of the next piece outwards follows the pcs */
    PF_STACK_GUESSED = 4,   /* frames were found without call frame information */
    PF_STACK_REASON_SHIFT = 8, /* above: why the walk ended, in the walker's own terms */
};

/* The stack's number, entering it if new. PF_STACK_UNKNOWN when there is no room (counted in
 * stacks_dropped). count <= PF_STACK_DEPTH_MAX. */
uint32_t pf_stack_intern(struct pf_region *region, const uint64_t *pcs, uint32_t count,
                         uint32_t flags);

/* A stack's pcs into an array of PF_STACK_DEPTH_MAX; how many, 0 if the number is none or was not
 * finished. One whose outer pieces are missing reads as truncated. */
uint32_t pf_stack_read(const struct pf_region *region, uint32_t stack, uint64_t *pcs,
                       uint32_t *flags);

#endif
