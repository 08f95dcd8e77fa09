/*
 * Any bytes as one or two perf rings: merge, decode, touch every view.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <string.h>

#include "profiler/drain/perf_record.h"
#include "profiler/drain/ring_merge.h"

enum { RING_BYTES = 4096 };

static volatile uint64_t touched;

static void touch(const void *at, size_t size)
{
    const uint8_t *bytes = at;

    for (size_t i = 0; i < size; i++)
        touched += bytes[i];
}

static void use(const struct pf_event *event)
{
    if (event->kind == PF_EVENT_SAMPLE) {
        touch(event->sample.stack.at, event->sample.stack.size);
        touch(event->sample.callchain, event->sample.callchain_count * sizeof(uint64_t));
    }
    if (event->kind == PF_EVENT_MMAP)
        touch(event->mmap.path, strlen(event->mmap.path));
    if (event->kind == PF_EVENT_COMM)
        touch(event->comm.name, strlen(event->comm.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(8) uint8_t bytes[2][RING_BYTES];
    static struct pf_ring_merge merge;
    struct pf_ring_view rings[2];
    struct pf_bytes record;

    if (size < 2)
        return 0;
    struct pf_event_layout layout = {.has_callchain = data[0] & 1};
    size_t start = data[1] * 8u;
    memset(bytes, 0, sizeof bytes);
    for (unsigned i = 0; i < 2; i++) {
        size_t left = size - 2 < RING_BYTES ? size - 2 : RING_BYTES;
        for (size_t k = 0; k < left; k++)
            bytes[i][(start * i + k) % RING_BYTES] = data[2 + k];
        rings[i] = (struct pf_ring_view){
            .at = bytes[i], .size = RING_BYTES, .tail = start * i, .head = start * i + left};
    }

    pf_ring_merge_begin(&merge, rings, 2);
    while (pf_ring_merge_next(&merge, UINT64_MAX, &record)) {
        struct pf_event event;
        if (pf_event_decode(&event, record, &layout))
            use(&event);
    }
    return 0;
}
