/*
 * Walks of one thread made cheap: what was looked up, and the stack before.
 *
 * Two memories in a block that the caller gives. Rules by pc, so that a return address seen before
 * costs one probe. And the last stack: a thread that allocates or is sampled again has most of its
 * outer frames where they were, so from the first frame found again at its old place the walk only
 * compares return addresses (and saved frame pointers that matter) with what the stack holds now.
 * A frame is taken over only while every word it was derived from is unchanged: the result is
 * always that of pf_unwind_stack.
 *
 * Context: pure. A block belongs to one walker at a time: a hook and a signal handler that may
 * interrupt it need one each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_UNWIND_CACHE_H
#define PROFILER_UNWIND_UNWIND_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "profiler/unwind/step.h"

enum { PF_UNWIND_CACHE_BYTES = 60 * 1024 }; /* pages not used are not touched */

struct pf_unwind_cache; /* opaque, lies in the block */

/* Zeroed memory of PF_UNWIND_CACHE_BYTES, aligned to 64, is a valid empty cache as it stands. */
struct pf_unwind_cache *pf_unwind_cache_view(void *memory);

/*
 * To be called before a walk: forgets everything unless generation is the one of the call before.
 * The owner gives every change of the code map (a library loaded or unloaded) a new generation.
 */
void pf_unwind_cache_sync(struct pf_unwind_cache *cache, uint64_t generation);

/*
 * As pf_unwind_stack. regs must hold pc, rsp and rbp; rbx and r12 to r15 are worth having: few
 * frames need them, but those are lost without.
 *
 * Returns how many of the outermost frames are the same, at the same place, as in the walk before
 * with this cache: a caller that numbers stacks from the root may reuse what it knew of them.
 */
uint32_t pf_unwind_stack_cached(struct pf_trail *trail, const struct pf_regs *regs,
                                const struct pf_code_map *map, const struct pf_memory *memory,
                                struct pf_unwind_cache *cache);

#endif
