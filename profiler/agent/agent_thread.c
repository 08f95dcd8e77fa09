/*
 * A thread's first event claims it a slot.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/agent/agent.h"
#include "profiler/unwind/unwind_cache.h"

_Thread_local struct ag_thread ag_self __attribute__((tls_model("initial-exec")));

/* The slot's unwind cache, from the region's work area when it first has an owner. Slot 0 has many
 * owners at once, hence none. */
static struct pf_unwind_cache *cache_of(struct pf_region *region, struct pf_region_thread *slot)
{
    uint64_t at = atomic_load_explicit(&slot->heap_cache_at, memory_order_relaxed);
    uint64_t size = PF_UNWIND_CACHE_BYTES + PF_REGION_LINE;

    if (slot == pf_region_part(region, region->threads_at))
        return NULL;
    if (at == 0) {
        uint64_t begin = atomic_fetch_add_explicit(&region->work_next, size, memory_order_relaxed);
        if (begin > region->sizes.work_bytes || region->sizes.work_bytes - begin < size)
            return NULL;
        at = region->work_at + (begin + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
        atomic_store_explicit(&slot->heap_cache_at, at, memory_order_relaxed);
    }
    return pf_unwind_cache_view(pf_region_part(region, at));
}

static __attribute__((noinline)) void register_thread(struct pf_region *region, uint32_t generation)
{
    /* The system call, not a cached value: correct after any kind of fork. */
    ag_self.tid = (uint32_t)syscall(SYS_gettid);
    ag_self.slot = pf_thread_claim(region, ag_self.tid);
    ag_self.cache = cache_of(region, ag_self.slot);
    ag_self.busy_sp = 0;
    ag_self.generation = generation;
}

struct ag_thread *ag_thread_self(struct pf_region *region)
{
    uint32_t generation = atomic_load_explicit(&ag_agent.generation, memory_order_relaxed);

    if (__builtin_expect(ag_self.generation != generation, 0))
        register_thread(region, generation);
    return &ag_self;
}
