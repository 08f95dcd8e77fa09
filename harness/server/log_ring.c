/* SPDX-License-Identifier: MIT */
#include "harness/server/log_ring.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void hn_log_put(struct hn_log_ring *log, const char *bytes, size_t size)
{
    uint64_t at = atomic_load(&log->total);

    atomic_store(&log->claimed, at + size);
    for (size_t done = 0; done < size;) {
        size_t place = (size_t)((at + done) % HN_LOG_BYTES);
        size_t part = least(size - done, HN_LOG_BYTES - place);
        memcpy(log->bytes + place, bytes + done, part);
        done += part;
    }
    atomic_store(&log->total, at + size);
}

/* The oldest position that still stands in the ring, given the newest. */
static uint64_t oldest(uint64_t newest)
{
    return newest > HN_LOG_BYTES ? newest - HN_LOG_BYTES : 0;
}

uint64_t hn_log_copy(struct pf_buf *out, const struct hn_log_ring *log, uint64_t since, size_t max)
{
    uint64_t end = atomic_load(&log->total);
    uint64_t from = since > end ? end : since;

    if (from < oldest(end))
        from = oldest(end);
    if (end - from > max)
        from = end - max;

    size_t size = (size_t)(end - from);
    char *copy = pf_mem_new(size + 1, 1);
    for (size_t i = 0; i < size;) {
        size_t place = (size_t)((from + i) % HN_LOG_BYTES);
        size_t part = least(size - i, HN_LOG_BYTES - place);
        memcpy(copy + i, log->bytes + place, part);
        i += part;
    }

    uint64_t kept = oldest(atomic_load(&log->claimed));
    size_t lost = kept > from ? least((size_t)(kept - from), size) : 0;
    if (from + lost > since)
        pf_buf_printf(out, "[... %llu bytes before this ...]\n",
                      (unsigned long long)(from + lost - since));
    pf_buf_put(out, copy + lost, size - lost);
    free(copy);
    return end;
}
