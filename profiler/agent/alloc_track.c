/* SPDX-License-Identifier: MIT */
#include "profiler/agent/alloc_track.h"

#include "profiler/agent/agent.h"
#include "profiler/agent/own_stack.h"
#include "profiler/trace/region_live.h"
#include "profiler/trace/region_stacks.h"
#include "profiler/unwind/unwind_cache.h"

/* One piece of a stack: deeper ones would cost more than an allocation may. */
enum { HOOK_FRAMES = 1, HOOK_DEPTH_MAX = PF_STACK_PIECE };

/* A handler that left a hook by longjmp may have left its cache half written. */
static void walk(struct ag_thread *self, struct pf_trail *trail, const struct pf_regs *regs,
                 const struct pf_memory *memory, bool was_left)
{
    /* The generation first: one that is new says the map is. */
    uint64_t generation = atomic_load_explicit(&ag_agent.code_generation, memory_order_acquire);
    const struct pf_code_map *map = atomic_load_explicit(&ag_agent.code_map, memory_order_acquire);

    if (!self->cache) {
        pf_unwind_stack(trail, regs, map, memory);
        return;
    }
    if (was_left)
        pf_unwind_cache_sync(self->cache, UINT64_MAX);
    pf_unwind_cache_sync(self->cache, generation);
    (void)pf_unwind_stack_cached(trail, regs, map, memory, self->cache);
}

static uint32_t stack_here(struct pf_region *region, struct ag_thread *self,
                           const struct pf_regs *regs, bool was_left)
{
    struct pf_memory memory = {0};
    uint64_t pcs[HOOK_DEPTH_MAX + HOOK_FRAMES];
    struct pf_trail trail = {.pcs = pcs, .capacity = HOOK_DEPTH_MAX + HOOK_FRAMES};

    int buffer = ag_stack_memory_for(self, regs->at[PF_REG_RSP], &memory);
    walk(self, &trail, regs, &memory, was_left);
    ag_foreign_stack_done(buffer);
    if (!trail.is_rooted)
        pf_thread_count(self->slot, PF_COUNT_TRUNCATED, 1);
    if (trail.count <= HOOK_FRAMES)
        return PF_STACK_UNKNOWN;
    return pf_stack_intern(region, pcs + HOOK_FRAMES, trail.count - HOOK_FRAMES,
                           trail.is_rooted ? 0 : PF_STACK_TRUNCATED);
}

/*
 * A hook that a signal handler enters while another runs below it on the same stack is nested. A
 * handler that left by longjmp has taken the stack pointer above the mark, which is then stale.
 */
static bool is_nested(const struct ag_thread *self, uint64_t sp)
{
    return self->busy_sp != 0 && sp < self->busy_sp;
}

void ag_block_begin(struct pf_region *region, void *block, size_t size, const struct pf_regs *regs)
{
    struct ag_thread *self = ag_thread_self(region);
    uint64_t sp = regs->at[PF_REG_RSP];
    struct pf_live_block entry = {
        .start = (uint64_t)(uintptr_t)block,
        .size_bytes = size,
        .stack = PF_STACK_UNKNOWN,
        .tid = self->tid,
        .born_ms = atomic_load_explicit(&region->now_ms, memory_order_relaxed),
    };

    if (is_nested(self, sp)) {
        pf_thread_count(self->slot, PF_COUNT_NESTED, 1);
    } else {
        bool was_left = self->busy_sp != 0;
        self->busy_sp = sp;
        atomic_signal_fence(memory_order_seq_cst);
        entry.stack = stack_here(region, self, regs, was_left);
        atomic_signal_fence(memory_order_seq_cst);
        self->busy_sp = 0;
    }
    pf_thread_count(self->slot, PF_COUNT_ALLOCS, 1);
    pf_thread_count(self->slot, PF_COUNT_ALLOC_BYTES, size);
    if (!pf_live_put(region, &entry))
        pf_thread_count(self->slot, PF_COUNT_DROPPED, 1);
}

struct ag_entry ag_block_end(struct pf_region *region, void *block)
{
    struct ag_thread *self = ag_thread_self(region);
    struct ag_entry entry = {0};

    pf_thread_count(self->slot, PF_COUNT_FREES, 1);
    if (!pf_live_take(region, (uint64_t)(uintptr_t)block, &entry.what, &entry.whence))
        pf_thread_count(self->slot, PF_COUNT_UNKNOWN_FREES, 1);
    return entry;
}

void ag_block_restore(struct pf_region *region, void *block, struct ag_entry entry)
{
    if (entry.what)
        pf_live_put_back(region, (uint64_t)(uintptr_t)block, entry.what, entry.whence);
}
