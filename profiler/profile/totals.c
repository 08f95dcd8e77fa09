/* SPDX-License-Identifier: MIT */
#include "profiler/profile/totals.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/profile/paths.h"
#include "profiler/profile/value.h"

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_totals(const void *a, const void *b, void *frames)
{
    const struct pf_total *x = a, *y = b;
    const struct pf_frame *at = frames;
    int order = compare_numbers(y->self, x->self);

    if (order == 0)
        order = compare_numbers(y->total, x->total);
    if (order == 0)
        order = strcmp(at[x->frame].name, at[y->frame].name);
    return order ? order : strcmp(at[x->frame].object, at[y->frame].object);
}

static void add_path(struct pf_total *of_frame, uint32_t *seen, uint32_t mark,
                     const struct pf_path *path, const uint32_t *ids)
{
    for (uint32_t i = 0; i < path->count; i++) {
        struct pf_total *to = &of_frame[ids[i]];
        if (seen[ids[i]] == mark)
            continue;
        seen[ids[i]] = mark;
        to->total = pf_value_add(to->total, path->value);
        to->base_total = pf_value_add(to->base_total, path->base);
    }
    if (path->count) {
        struct pf_total *leaf = &of_frame[ids[path->count - 1]];
        leaf->self = pf_value_add(leaf->self, path->value);
        leaf->base_self = pf_value_add(leaf->base_self, path->base);
    }
}

void pf_totals_init(struct pf_totals *totals, const struct pf_paths *paths)
{
    uint32_t count = paths->frames.count;
    uint32_t *seen = pf_mem_new(count, sizeof *seen); /* the last path it stood in, plus one */

    *totals = (struct pf_totals){.at = pf_mem_new(count, sizeof *totals->at)};
    for (uint32_t i = 0; i < count; i++)
        totals->at[i].frame = i;
    for (uint32_t i = 0; i < paths->count; i++)
        add_path(totals->at, seen, i + 1, &paths->at[i], paths->ids + paths->at[i].at);
    free(seen);
    for (uint32_t i = 0; i < count; i++) {
        const struct pf_total *total = &totals->at[i];
        if (paths->frames.at[i].kind != PF_FRAME_GROUP && (total->total || total->base_total))
            totals->at[totals->count++] = *total;
    }
    qsort_r(totals->at, totals->count, sizeof *totals->at, compare_totals, paths->frames.at);
}

void pf_totals_fini(struct pf_totals *totals)
{
    free(totals->at);
    *totals = (struct pf_totals){0};
}
