/*
 * What must be known of glibc to tell its garbage from a server's data.
 *
 * Source: glibc 2.36, malloc/arena.c (heap_info, HEAP_MAX_SIZE), malloc/malloc.c (malloc_state,
 * bin_at), sysdeps/x86_64/nptl/tls.h (tcbhead_t). All of it is recognised by shape, so another
 * allocator or version is simply not recognised.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_GLIBC_H
#define PROFILER_SESSION_LEAKS_GLIBC_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/leak/leak_graph.h"
#include "profiler/session/leaks_ranges.h"

enum {
    PF_GLIBC_HEAP_ALIGN = 64 << 20, /* where heaps of threads' arenas begin */
    PF_GLIBC_HEAP_INFO_WORDS = 4,   /* arena, previous heap, size, protected size */
    PF_GLIBC_TCB_BYTES = 0x900,     /* struct pthread, at the top of a thread's stack */
};

/* Do the first words of a 64 MiB-aligned address describe an arena's heap? Its size is handed out.
 */
bool pf_glibc_is_heap(uint64_t address, const uint64_t *words, uint64_t *size);

/*
 * Thread control blocks in a range: words 0 and 2 point to themselves (tcb, self). Adds what lies
 * below one of a thread that no longer lives (its address is not among live) as dead, from floor.
 */
void pf_glibc_dead_stacks(const struct pf_leak_range *range, uint64_t floor, const uint64_t *live,
                          uint32_t live_count, struct pf_leaks_spans *dead);

/* The main arena, by its empty bins that point to themselves: its lists lead to free chunks. */
void pf_glibc_arena(const struct pf_leak_range *range, struct pf_leaks_spans *arena);

#endif
