/* SPDX-License-Identifier: MIT */
#include "profiler/drain/ring_merge.h"

#include <string.h>

#include "profiler/drain/perf_record.h"

enum { HEADER_BYTES = 8, HEADER_SIZE_AT = 6 };

static void copy_out(const struct pf_ring_view *ring, uint64_t from, void *to, uint64_t size)
{
    uint64_t at = from & (ring->size - 1);
    uint64_t first = ring->size - at < size ? ring->size - at : size;

    memcpy(to, ring->at + at, first);
    memcpy((uint8_t *)to + first, ring->at, size - first);
}

/* The record at the tail: in place, or joined where it wraps. */
static struct pf_bytes view_record(struct pf_ring_merge *merge, const struct pf_ring_view *ring)
{
    uint64_t at = ring->tail & (ring->size - 1);

    if (at + ring->next_size <= ring->size)
        return (struct pf_bytes){ring->at + at, ring->next_size};
    copy_out(ring, ring->tail, merge->joined, ring->next_size);
    return (struct pf_bytes){merge->joined, ring->next_size};
}

/* Without a believable length there is no next record: what is left of the ring is given up. */
static void look_ahead(struct pf_ring_merge *merge, struct pf_ring_view *ring)
{
    uint64_t left = ring->head - ring->tail;
    uint8_t header[HEADER_BYTES];
    uint16_t size;

    ring->next_size = 0;
    if (left == 0)
        return;
    if (left > ring->size)
        left = 0; /* the writer lapped us: nothing in there is whole */
    if (left >= HEADER_BYTES)
        copy_out(ring, ring->tail, header, sizeof header);
    else
        memset(header, 0, sizeof header);
    memcpy(&size, header + HEADER_SIZE_AT, sizeof size);
    if (size < HEADER_BYTES || size % sizeof(uint64_t) != 0 || size > left) {
        ring->broken_bytes += ring->head - ring->tail;
        ring->tail = ring->head;
        return;
    }
    ring->next_size = size;
    ring->next_time_ns = pf_event_time_ns(view_record(merge, ring));
}

void pf_ring_merge_begin(struct pf_ring_merge *merge, struct pf_ring_view *rings, uint32_t count)
{
    merge->rings = rings;
    merge->count = count;
    for (uint32_t i = 0; i < count; i++)
        look_ahead(merge, &rings[i]);
}

bool pf_ring_merge_next(struct pf_ring_merge *merge, uint64_t horizon_ns, struct pf_bytes *record)
{
    struct pf_ring_view *oldest = NULL;

    for (uint32_t i = 0; i < merge->count; i++) {
        struct pf_ring_view *ring = &merge->rings[i];
        if (ring->next_size && (!oldest || ring->next_time_ns < oldest->next_time_ns))
            oldest = ring;
    }
    if (!oldest || oldest->next_time_ns > horizon_ns)
        return false;

    /* Looking ahead may join another record in the same buffer: it is viewed after that, unless it
     * wraps, and then the next one cannot (it starts behind the wrap). */
    struct pf_bytes found = view_record(merge, oldest);
    oldest->tail += oldest->next_size;
    look_ahead(merge, oldest);
    *record = found;
    return true;
}
