/*
 * A ring of events from one thread of the server to the collector.
 *
 * One writer (the thread, in a signal handler), one reader (the collector, another process). When
 * it is full the event is dropped and counted. Each is of fixed size; the reader trusts neither
 * position: a writer gone mad costs its own events, never the reader's footing.
 *
 * Context: pure; push is safe in signal context. A handler is never interrupted by itself: the
 * signal is blocked while it runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_RING_H
#define PROFILER_TRACE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A thread was seen at work. */
struct pf_ring_event {
    uint32_t stack;  /* interned, region_stacks.h */
    uint32_t weight; /* timer expirations it stands for: 1 + overruns */
    uint32_t tid;
};

enum { PF_RING_EVENTS = 1024 }; /* a power of two: positions run past 2^32 */

/* Zeros are a valid empty ring. The positions count events ever written and read. */
struct pf_ring {
    _Alignas(64) _Atomic uint32_t written;
    _Atomic uint32_t dropped; /* the weight of what was */
    _Alignas(64) _Atomic uint32_t read;
    struct pf_ring_event at[PF_RING_EVENTS];
};

/* False: full, and counted. */
bool pf_ring_push(struct pf_ring *ring, const struct pf_ring_event *event);

/* Take up to capacity events, oldest first; how many. */
uint32_t pf_ring_pop(struct pf_ring *ring, struct pf_ring_event *out, uint32_t capacity);

#endif
