/* SPDX-License-Identifier: MIT */
#include "profiler/trace/ring.h"

bool pf_ring_push(struct pf_ring *ring, const struct pf_ring_event *event)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);

    if (written - read >= PF_RING_EVENTS) {
        atomic_fetch_add_explicit(&ring->dropped, event->weight, memory_order_relaxed);
        return false;
    }
    ring->at[written % PF_RING_EVENTS] = *event;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

uint32_t pf_ring_pop(struct pf_ring *ring, struct pf_ring_event *out, uint32_t capacity)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint32_t count = written - read;

    /* More than fits cannot be: the memory was scribbled over. Begin anew where the writer is. */
    if (count > PF_RING_EVENTS) {
        atomic_store_explicit(&ring->read, written, memory_order_release);
        return 0;
    }
    if (count > capacity)
        count = capacity;
    for (uint32_t i = 0; i < count; i++)
        out[i] = ring->at[(read + i) % PF_RING_EVENTS];
    atomic_store_explicit(&ring->read, read + count, memory_order_release);
    return count;
}
