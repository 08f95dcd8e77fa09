/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_ranges.h"

#include <stdlib.h>

#include "profiler/base/arena.h"

void pf_leaks_spans_fini(struct pf_leaks_spans *spans)
{
    free(spans->at);
    *spans = (struct pf_leaks_spans){0};
}

void pf_leaks_spans_add(struct pf_leaks_spans *spans, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    if (spans->count > 0 && spans->at[spans->count - 1].end == start) {
        spans->at[spans->count - 1].end = end;
        return;
    }
    if (spans->count == spans->capacity) {
        spans->capacity = spans->capacity ? spans->capacity * 2 : 64;
        spans->at = pf_mem_resize(spans->at, spans->capacity, sizeof *spans->at);
    }
    spans->at[spans->count++] = (struct pf_leaks_span){start, end};
}

static int by_start(const void *a, const void *b)
{
    const struct pf_leaks_span *left = a;
    const struct pf_leaks_span *right = b;

    return left->start < right->start ? -1 : left->start > right->start;
}

void pf_leaks_spans_normalize(struct pf_leaks_spans *spans)
{
    size_t kept = 0;

    if (spans->count == 0)
        return;
    qsort(spans->at, spans->count, sizeof *spans->at, by_start);
    for (size_t i = 1; i < spans->count; i++) {
        if (spans->at[i].start > spans->at[kept].end)
            spans->at[++kept] = spans->at[i];
        else if (spans->at[i].end > spans->at[kept].end)
            spans->at[kept].end = spans->at[i].end;
    }
    spans->count = kept + 1;
}

/* The first span that ends after address. */
static size_t first_after(const struct pf_leaks_spans *spans, uint64_t address)
{
    size_t low = 0;
    size_t high = spans->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spans->at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void pf_leaks_spans_outside(const struct pf_leaks_spans *spans, uint64_t start, uint64_t end,
                            struct pf_leaks_spans *out)
{
    for (size_t i = first_after(spans, start); i < spans->count && start < end; i++) {
        if (spans->at[i].start >= end)
            break;
        pf_leaks_spans_add(out, start, spans->at[i].start);
        start = spans->at[i].end;
    }
    pf_leaks_spans_add(out, start, end);
}

bool pf_leaks_spans_has(const struct pf_leaks_spans *spans, uint64_t address)
{
    size_t at = first_after(spans, address);

    return at < spans->count && spans->at[at].start <= address;
}
