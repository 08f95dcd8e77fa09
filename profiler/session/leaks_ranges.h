/*
 * Sets of address ranges: what is left of a mapping when heap, dead stacks and our own memory are
 * taken away.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_RANGES_H
#define PROFILER_SESSION_LEAKS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pf_leaks_span {
    uint64_t start, end;
};

/* Zero is a valid empty set. */
struct pf_leaks_spans {
    struct pf_leaks_span *at;
    size_t count, capacity;
};

void pf_leaks_spans_fini(struct pf_leaks_spans *spans);
void pf_leaks_spans_add(struct pf_leaks_spans *spans, uint64_t start, uint64_t end);

/* Sort and join what touches. */
void pf_leaks_spans_normalize(struct pf_leaks_spans *spans);

/* Add to out the parts of [start, end) that a normalized set does not cover. */
void pf_leaks_spans_outside(const struct pf_leaks_spans *spans, uint64_t start, uint64_t end,
                            struct pf_leaks_spans *out);

/* Does a normalized set cover address? */
bool pf_leaks_spans_has(const struct pf_leaks_spans *spans, uint64_t address);

#endif
