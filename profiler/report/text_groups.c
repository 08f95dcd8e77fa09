/*
 * The table of functions a process, or thread, at a time: the one that cost most first.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"
#include "profiler/report/text_priv.h"

enum { GROUPS_SHOWN = 20, GROUPS_DEFAULT_TOP = 10 };

/* Paths that begin with the same groups; at is a run of the sorted copy. */
struct group {
    struct pf_path *at;
    uint32_t count;
    int64_t value;
};

/* The frame that is a group at the place, PF_HASH_NONE: none is. */
static uint32_t group_at(const struct pf_paths *paths, const struct pf_path *path, uint32_t place)
{
    uint32_t frame = place < path->count ? paths->ids[path->at + place] : PF_HASH_NONE;

    return frame != PF_HASH_NONE && paths->frames.at[frame].kind == PF_FRAME_GROUP ? frame
                                                                                   : PF_HASH_NONE;
}

static int compare_groups(const void *a, const void *b, void *paths)
{
    for (uint32_t i = 0; i < PF_GROUPS_MAX; i++) {
        uint32_t x = group_at(paths, a, i), y = group_at(paths, b, i);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static int dearest_first(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Into runs of the sorted paths; how many there are. */
static uint32_t divide(struct group *groups, struct pf_path *sorted, const struct pf_paths *paths)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < paths->count; i++) {
        if (i == 0 || compare_groups(&sorted[i - 1], &sorted[i], (void *)(uintptr_t)paths) != 0)
            groups[count++] = (struct group){.at = &sorted[i]};
        groups[count - 1].count++;
        groups[count - 1].value = pf_value_add(groups[count - 1].value, sorted[i].value);
    }
    qsort(groups, count, sizeof *groups, dearest_first);
    return count;
}

static void put_heading(const struct pf_text *text, const struct group *group)
{
    const struct pf_paths *paths = text->paths;
    char name[PF_TEXT_NAME_BYTES] = "", value[32];

    pf_text_value(value, sizeof value, group->value, text->unit);
    pf_sink_printf(text->sink, "\n%s", text->bold);
    for (uint32_t i = 0; i < PF_GROUPS_MAX; i++) {
        uint32_t frame = group_at(paths, group->at, i);
        if (frame == PF_HASH_NONE && i > 0)
            continue;
        if (frame != PF_HASH_NONE)
            pf_text_name(name, sizeof name, &paths->frames.at[frame]);
        pf_sink_printf(text->sink, "%s%s", i ? ", " : "",
                       frame != PF_HASH_NONE ? name : "(of nobody)");
    }
    pf_sink_printf(text->sink, "%s: %.2f%%, %s\n", text->plain,
                   pf_value_percent(group->value, paths->total), value);
}

/* Its paths alone; shares stay those of the whole. */
static void put_group(const struct pf_text *text, const struct group *group, uint32_t top)
{
    struct pf_paths own = *text->paths;
    struct pf_totals totals;

    own.at = group->at;
    own.count = group->count;
    pf_totals_init(&totals, &own);
    put_heading(text, group);
    pf_text_table(text, &totals, top);
    pf_totals_fini(&totals);
}

void pf_text_groups(const struct pf_text *text, uint32_t top)
{
    const struct pf_paths *paths = text->paths;
    struct pf_path *sorted = pf_mem_new(paths->count, sizeof *sorted);
    struct group *groups = pf_mem_new(paths->count, sizeof *groups);

    if (paths->count)
        memcpy(sorted, paths->at, paths->count * sizeof *sorted);
    qsort_r(sorted, paths->count, sizeof *sorted, compare_groups, (void *)(uintptr_t)paths);
    uint32_t count = divide(groups, sorted, paths);
    for (uint32_t i = 0; i < count && i < GROUPS_SHOWN; i++)
        put_group(text, &groups[i], top ? top : GROUPS_DEFAULT_TOP);
    if (count > GROUPS_SHOWN)
        pf_sink_printf(text->sink, "\nand %" PRIu32 " more that cost less\n", count - GROUPS_SHOWN);
    free(groups);
    free(sorted);
}
