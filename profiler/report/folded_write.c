/*
 * Folded stacks: "root;caller;leaf COUNT" a line, sorted, one line a path.
 *
 * The format has no escapes: a ';' in a name becomes ':', line breaks and other control characters
 * become spaces. Kernel frames carry "_[k]", as perf's collapsers write them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/value.h"
#include "profiler/report/selection.h"
#include "profiler/report/utf8.h"
#include "profiler/report/writers_priv.h"

enum { FOLDED_NAME_BYTES = 4096 };

/* What a frame is written as, made once. */
static const char *make_name(struct pf_arena *arena, const struct pf_frame *frame)
{
    char name[FOLDED_NAME_BYTES];

    pf_utf8_clean(name, sizeof name - 4, frame->name, strlen(frame->name));
    for (char *at = name; *at; at++)
        if (*at == ';')
            *at = ':';
        else if (*at == '\t')
            *at = ' ';
    if (frame->kind == PF_FRAME_KERNEL)
        strcat(name, "_[k]");
    return pf_arena_text(arena, name, strlen(name));
}

struct folded_out {
    const struct pf_paths *paths;
    const char **names;
    uint32_t *rank; /* of a frame's name among all */
};

struct ranked {
    const char *name;
    uint32_t frame;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Sort by names once, then compare numbers; frames of one name have one rank. */
static void rank_names(struct folded_out *out)
{
    uint32_t count = out->paths->frames.count;
    struct ranked *ranked = pf_mem_new(count, sizeof *ranked);
    uint32_t rank = 0;

    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){out->names[i], i};
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (uint32_t i = 0; i < count; i++) {
        rank += i > 0 && strcmp(ranked[i].name, ranked[i - 1].name) != 0;
        out->rank[ranked[i].frame] = rank;
    }
    free(ranked);
}

static int compare_paths(const void *a, const void *b, void *context)
{
    const struct folded_out *out = context;
    const struct pf_path *x = a, *y = b;
    const uint32_t *x_ids = out->paths->ids + x->at, *y_ids = out->paths->ids + y->at;
    uint32_t least = x->count < y->count ? x->count : y->count;

    for (uint32_t i = 0; i < least; i++) {
        uint32_t p = out->rank[x_ids[i]], q = out->rank[y_ids[i]];
        if (p != q)
            return p < q ? -1 : 1;
    }
    return (x->count > y->count) - (x->count < y->count);
}

static void put_path(const struct folded_out *out, const struct pf_path *path, int64_t value,
                     struct pf_sink *sink)
{
    if (path->count == 0 || value <= 0)
        return;
    for (uint32_t i = 0; i < path->count; i++) {
        if (i)
            pf_sink_put(sink, ";", 1);
        pf_sink_put_str(sink, out->names[out->paths->ids[path->at + i]]);
    }
    pf_sink_put(sink, " ", 1);
    pf_sink_put_u64(sink, (uint64_t)value);
    pf_sink_put(sink, "\n", 1);
}

static void put_all(struct folded_out *out, const struct pf_path *sorted, struct pf_sink *sink)
{
    for (uint32_t i = 0; i < out->paths->count;) {
        int64_t sum = 0;
        uint32_t from = i;
        for (; i < out->paths->count && compare_paths(&sorted[from], &sorted[i], out) == 0; i++)
            sum = pf_value_add(sum, sorted[i].value);
        put_path(out, &sorted[from], sum, sink);
    }
}

bool pf_folded_write(const struct pf_profile *profile, const struct pf_report_options *options,
                     struct pf_sink *sink, struct pf_err *err)
{
    struct pf_paths paths = {0};
    struct pf_arena arena = {0};

    if (!pf_report_paths(&paths, profile, options, err))
        return false;

    struct folded_out out = {.paths = &paths};
    out.names = pf_mem_new(paths.frames.count, sizeof *out.names);
    out.rank = pf_mem_new(paths.frames.count, sizeof *out.rank);
    for (uint32_t i = 0; i < paths.frames.count; i++)
        out.names[i] = make_name(&arena, &paths.frames.at[i]);
    rank_names(&out);
    qsort_r(paths.at, paths.count, sizeof *paths.at, compare_paths, &out);
    put_all(&out, paths.at, sink);

    free(out.names);
    free(out.rank);
    pf_arena_fini(&arena);
    pf_paths_fini(&paths);
    return true;
}
