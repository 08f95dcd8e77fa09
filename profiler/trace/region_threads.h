/*
 * A slot for each thread of the server: who it is, what it counted.
 *
 * A thread writes only to its own slot, so counting costs no shared cache line. Slots of threads
 * that ended are given back by who sees threads end and go on counting for the
 * next owner: only sums over all slots have a meaning. Slot 0 is shared by threads that found none.
 *
 * Context: pure; claim and count are safe in signal context.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGION_THREADS_H
#define PROFILER_TRACE_REGION_THREADS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/region.h"

enum pf_thread_counter {
    PF_COUNT_ALLOCS,
    PF_COUNT_FREES,
    PF_COUNT_ALLOC_BYTES,
    PF_COUNT_UNKNOWN_FREES,  /* of blocks never entered */
    PF_COUNT_DROPPED,        /* blocks that found no room in the live table */
    PF_COUNT_TRUNCATED,      /* stacks that did not reach the outermost frame */
    PF_COUNT_NESTED,         /* allocations inside a hook (a signal handler's): no stack */
    PF_COUNT_FOREIGN_STACKS, /* allocations on a stack that is not the thread's own */
    PF_COUNT_LAST,
};

struct pf_region_thread {
    _Atomic uint32_t tid; /* 0: free */
    uint32_t padding;
    _Atomic uint64_t counters[PF_COUNT_LAST];
    _Atomic uint64_t ring_at;       /* offset of the thread's event ring in the region, 0: none */
    _Atomic uint64_t heap_cache_at; /* of the unwind cache of its allocation hooks, 0: none */
    uint64_t spare[5];
};

static_assert(sizeof(struct pf_region_thread) % PF_REGION_LINE == 0, "slots share no cache line");

/* A slot for the thread with this tid; slot 0 if all are taken. Bounded. */
struct pf_region_thread *pf_thread_claim(struct pf_region *region, uint32_t tid);

/* Give back the slots of all threads that are gone, by the word of somebody who knows. */
typedef bool (*pf_thread_is_gone)(const void *knows, uint32_t tid);
void pf_thread_release_gone(struct pf_region *region, pf_thread_is_gone is_gone, const void *knows);

/* Add to a counter of one's own slot. */
static inline void pf_thread_count(struct pf_region_thread *slot, enum pf_thread_counter counter,
                                   uint64_t add)
{
    uint64_t old = atomic_load_explicit(&slot->counters[counter], memory_order_relaxed);
    atomic_store_explicit(&slot->counters[counter], old + add, memory_order_relaxed);
}

/* Sum over all slots. */
uint64_t pf_thread_sum(const struct pf_region *region, enum pf_thread_counter counter);

#endif
