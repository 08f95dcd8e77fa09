/*
 * What each function cost: by itself, and with all it called.
 *
 * A function that stands in a path more than once (recursion) counts once for its total. Functions
 * of one name in two objects are two.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_TOTALS_H
#define PROFILER_PROFILE_TOTALS_H

#include <stdint.h>

struct pf_paths;

struct pf_total {
    uint32_t frame; /* in paths->frames */
    int64_t self, total;
    int64_t base_self, base_total; /* of a pair */
};

struct pf_totals {
    struct pf_total *at; /* most self first, then most total, then by name */
    uint32_t count;
};

/* Frames that are groups (processes, threads) are left out. */
void pf_totals_init(struct pf_totals *totals, const struct pf_paths *paths);
void pf_totals_fini(struct pf_totals *totals);

#endif
