/*
 * A thread's first event claims it a slot.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/agent/agent.h"

_Thread_local struct ag_thread ag_self __attribute__((tls_model("initial-exec")));

static __attribute__((noinline)) void register_thread(struct pf_region *region, uint32_t generation)
{
    /* The system call, not a cached value: correct after any kind of fork. */
    ag_self.tid = (uint32_t)syscall(SYS_gettid);
    ag_self.slot = pf_thread_claim(region, ag_self.tid);
    ag_self.generation = generation;
}

struct ag_thread *ag_thread_self(struct pf_region *region)
{
    uint32_t generation = atomic_load_explicit(&ag_agent.generation, memory_order_relaxed);

    if (__builtin_expect(ag_self.generation != generation, 0))
        register_thread(region, generation);
    return &ag_self;
}
