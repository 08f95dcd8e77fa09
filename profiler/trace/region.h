/*
 * The shared memory between the agent inside a server and the collector outside: its layout.
 *
 * One memfd, sealed in size, mapped by both. It is sparse: pages cost memory when first written.
 * The agent writes, the collector reads, at any time, also after the server was killed. A reader
 * trusts nothing in it but the layout: every other offset and count is bounded again.
 *
 *   layout, counters | live directory | owners of leaves | live leaves | stack levels | pcs |
 * modules | threads | work
 *
 * live: which blocks are allocated (region_live.h). stacks, pcs: where they were (region_stacks.h).
 * modules: what was mapped where (region_modules.h). threads: one slot each, counters
 * (region_threads.h). work: rings of samples, made as threads need them (ring.h).
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGION_H
#define PROFILER_TRACE_REGION_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PF_REGION_VERSION = 4, PF_REGION_PAGE = 4096, PF_REGION_LINE = 64 };
enum { PF_STACK_LEVELS = 5 };

#define PF_REGION_MAGIC 0x6e6f6967657261ull /* "aregion" */

/* How much of everything; chosen by the collector, see pf_region_sizes_default. */
struct pf_region_sizes {
    uint32_t leaf_count;   /* each covers 4 MiB of the server's addresses with 2 MiB */
    uint32_t pc_count;     /* words of interned stacks */
    uint32_t module_count; /* objects ever mapped */
    uint32_t thread_count; /* threads at one time */
    uint64_t work_bytes;
};

/*
 * Counters that many threads add to stand on lines of their own. All offsets are from the region's
 * first byte.
 *
 * The layout has the first page for itself. Nobody changes it once it is made, and the collector
 * reads a private copy: what a server scribbles over it leads no reader astray.
 */
struct pf_region {
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes;
    uint64_t size_bytes;
    struct pf_region_sizes sizes;
    uint64_t directory_at, owners_at, leaves_at, stacks_at, pcs_at, modules_at, threads_at, work_at;

    /* Written by the collector every few milliseconds: reading it is cheaper than a clock. */
    _Alignas(PF_REGION_PAGE) _Atomic uint32_t now_ms; /* since the region was made */
    _Atomic uint32_t wants;     /* enum pf_region_want, by the collector before it is handed over */
    _Atomic uint32_t sample_hz; /* samples a second of CPU time; the collector's 0 ends it */
    _Atomic uint32_t sampling;  /* by the agent: its timers are armed */
    _Atomic uint64_t own_start, own_end; /* the agent's private memory in the server */
    _Atomic uint64_t given_last;         /* given_rows.h */
    _Atomic uint32_t beat;               /* by the agent: moves on while it samples */
    _Atomic uint32_t untimed;            /* most threads at one time that could have no timer */

    _Alignas(PF_REGION_LINE) _Atomic uint32_t leaf_next; /* leaf 0 is never used */
    _Atomic uint32_t leaf_spare;
    _Alignas(PF_REGION_LINE) _Atomic uint32_t pc_next;
    _Atomic uint32_t stacks_dropped;
    _Alignas(PF_REGION_LINE) _Atomic uint32_t module_next;
    _Atomic uint32_t modules_dropped;
    _Alignas(PF_REGION_LINE) _Atomic uint32_t thread_next;
    _Atomic uint32_t threads_shared; /* threads that found no slot of their own */
    _Alignas(PF_REGION_LINE) _Atomic uint64_t work_next;
    _Alignas(PF_REGION_LINE) uint8_t end[];
};

/* What the agent shall record. */
enum pf_region_want {
    PF_REGION_HEAP = 1, /* allocations */
    PF_REGION_CPU = 2,  /* samples, at sample_hz */
};

static_assert(offsetof(struct pf_region, now_ms) == PF_REGION_PAGE
                  && sizeof(struct pf_region) == 2 * PF_REGION_PAGE,
              "the layout has a page, what changes has another");
static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
              "the region is used in handlers and between processes");

/* 8 GiB of heap addresses, 16 Mi words of stacks, 4096 modules, 16384 threads, 256 MiB of work. */
struct pf_region_sizes pf_region_sizes_default(void);

/* How large a region of these sizes is. */
uint64_t pf_region_bytes(const struct pf_region_sizes *sizes);

/* Make memory (zeros, pf_region_bytes large) a region. */
void pf_region_init(struct pf_region *region, const struct pf_region_sizes *sizes);

/* Is memory of size_bytes a region whose parts lie inside it and apart? */
bool pf_region_check(const struct pf_region *region, uint64_t size_bytes);

/* A part's address. */
static inline void *pf_region_part(const struct pf_region *region, uint64_t offset)
{
    return (uint8_t *)(uintptr_t)region + offset;
}

#endif
