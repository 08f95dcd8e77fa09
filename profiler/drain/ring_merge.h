/*
 * Rings of bytes, one a CPU, read as one stream of records in the order of time.
 *
 * A ring is memory somebody else fills; what lies in [tail, head) is settled. A mapping and the
 * first sample inside it may come from two CPUs, so records are taken from all rings by time. A
 * record that wraps around a ring's end is put together in a buffer of the merge; the others are
 * viewed in place.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_DRAIN_RING_MERGE_H
#define PROFILER_DRAIN_RING_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

enum { PF_RING_RECORD_MAX = 1 << 16, PF_RING_COUNT_MAX = 1024 };

struct pf_ring_view {
    const uint8_t *at;
    uint64_t size; /* a power of two */
    uint64_t tail, head;

    /* The merge's own. */
    uint64_t next_time_ns, next_size;
    uint64_t broken_bytes; /* out: given up because a length made no sense */
};

struct pf_ring_merge {
    struct pf_ring_view *rings; /* borrowed */
    uint32_t count;
    uint64_t joined[PF_RING_RECORD_MAX / sizeof(uint64_t)];
};

/* Look at every ring's first record. Rings must be set up: at, size, tail, head. */
void pf_ring_merge_begin(struct pf_ring_merge *merge, struct pf_ring_view *rings, uint32_t count);

/*
 * The oldest record not younger than horizon_ns (UINT64_MAX: all), and advance its ring's tail
 * past it. The view is good until the next call, and only while the ring's owner does not hand the
 * room back.
 */
bool pf_ring_merge_next(struct pf_ring_merge *merge, uint64_t horizon_ns, struct pf_bytes *record);

#endif
