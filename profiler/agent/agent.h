/*
 * The agent's one static state: whether it records, where to, and what it knows of this process.
 *
 * Everything the hooks read stands in the first cache line and changes only at start, around fork
 * and after dlopen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_AGENT_H
#define PROFILER_AGENT_AGENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/handshake.h"
#include "profiler/trace/region.h"
#include "profiler/trace/region_threads.h"
#include "profiler/unwind/step.h"

struct pf_unwind_cache;

enum ag_phase {
    AG_BOOT,    /* before the constructor: blocks are noted in early_blocks.h */
    AG_PASSIVE, /* nobody listens: every hook passes straight through */
    AG_ON,
};

struct ag_agent {
    _Atomic(struct pf_region *) region;           /* for the hooks: NULL unless AG_ON */
    _Atomic uint32_t *alive;                      /* on a page that fork wipes: 0 in a raw child */
    _Atomic(const struct pf_code_map *) code_map; /* code_objects.h */
    _Atomic uint64_t code_generation;             /* changes after code_map did */
    _Atomic uint32_t generation;                  /* changes with the region */
    _Atomic uint32_t phase;
    _Atomic(struct pf_region *) linked; /* the collector's, whatever it wants recorded; or NULL */
    uint32_t pid;
    uint32_t welcome; /* enum pf_welcome_flag: what the collector of the region told us to do */
    struct pf_hello hello; /* for a fork's child to say again */
    char address[PF_HANDSHAKE_ADDRESS_MAX];
};

extern struct ag_agent ag_agent;

/* What a thread keeps: under 64 bytes, initial-exec. */
struct ag_thread {
    struct pf_region_thread *slot;
    uint64_t stack_low, stack_high; /* verified readable, see own_stack.h */
    uint64_t busy_sp;               /* stack pointer of the hook that runs; 0: none */
    struct pf_unwind_cache *cache;  /* of the allocation hooks; NULL: none, walk without */
    uint32_t generation;
    uint32_t tid;
};

extern _Thread_local struct ag_thread ag_self __attribute__((tls_model("initial-exec")));

static_assert(sizeof(struct ag_thread) < 64, "the static TLS surplus is small");

/* The region to record into, or NULL. Context: signal. */
static inline struct pf_region *ag_region_now(void)
{
    struct pf_region *region = atomic_load_explicit(&ag_agent.region, memory_order_acquire);

    if (!region || atomic_load_explicit(ag_agent.alive, memory_order_relaxed) == 0)
        return NULL;
    return region;
}

/* The calling thread's state, registered in region. Context: signal. */
struct ag_thread *ag_thread_self(struct pf_region *region);

#endif
