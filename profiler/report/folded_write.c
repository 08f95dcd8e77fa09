/*
 * Folded stacks: "root;caller;leaf COUNT" a line, sorted, one line a path.
 *
 * The format has no escapes: a ';' in a name becomes ':', line breaks and other control characters
 * become spaces. Kernel frames carry "_[k]", as perf's collapsers write them.
 *
 * The one number a line has is by convention a count of samples, and whoever reads it
 * (flamegraph.pl, our own comparison) takes it for one: of a CPU profile samples are written,
 * unless its time is asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"
#include "profiler/report/diff_writers_priv.h"
#include "profiler/report/selection.h"
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
    bool has_base;
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

static void put_path(const struct folded_out *out, const struct pf_path *path, struct pf_sink *sink)
{
    int64_t base = path->base > 0 ? path->base : 0, value = path->value > 0 ? path->value : 0;

    if (path->count == 0 || (value == 0 && base == 0))
        return;
    for (uint32_t i = 0; i < path->count; i++) {
        if (i)
            pf_sink_put(sink, ";", 1);
        pf_sink_put_str(sink, out->names[out->paths->ids[path->at + i]]);
    }
    if (out->has_base) {
        pf_sink_put(sink, " ", 1);
        pf_sink_put_u64(sink, (uint64_t)base);
    }
    pf_sink_put(sink, " ", 1);
    pf_sink_put_u64(sink, (uint64_t)value);
    pf_sink_put(sink, "\n", 1);
}

static void put_all(struct folded_out *out, const struct pf_path *sorted, struct pf_sink *sink)
{
    for (uint32_t i = 0; i < out->paths->count;) {
        struct pf_path sum = sorted[i];
        while (++i < out->paths->count && compare_paths(&sum, &sorted[i], out) == 0) {
            sum.value = pf_value_add(sum.value, sorted[i].value);
            sum.base = pf_value_add(sum.base, sorted[i].base);
        }
        put_path(out, &sum, sink);
    }
}

/* sorted: a copy of the paths, put into order here. */
static void write_paths(const struct pf_paths *paths, struct pf_path *sorted, bool has_base,
                        struct pf_sink *sink)
{
    struct folded_out out = {.paths = paths, .has_base = has_base};
    struct pf_arena arena = {0};

    out.names = pf_mem_new(paths->frames.count, sizeof *out.names);
    out.rank = pf_mem_new(paths->frames.count, sizeof *out.rank);
    for (uint32_t i = 0; i < paths->frames.count; i++)
        out.names[i] = make_name(&arena, &paths->frames.at[i]);
    rank_names(&out);
    qsort_r(sorted, paths->count, sizeof *sorted, compare_paths, &out);
    put_all(&out, sorted, sink);
    free(out.names);
    free(out.rank);
    pf_arena_fini(&arena);
}

static const char *type_of(const struct pf_profile *profile, uint32_t column)
{
    return pf_profile_text(profile, profile->value_types[column].type);
}

/* NULL: the profile's default. */
static const char *choose_value(const struct pf_profile *profile, const char *asked)
{
    if (asked || profile->value_count == 0
        || strcmp(type_of(profile, profile->default_value), "cpu") != 0)
        return asked;
    for (uint32_t i = 0; i < profile->value_count; i++)
        if (strcmp(type_of(profile, i), "samples") == 0)
            return "samples";
    return NULL;
}

bool pf_folded_write(const struct pf_profile *profile, const struct pf_report_options *options,
                     struct pf_sink *sink, struct pf_err *err)
{
    struct pf_paths paths = {0};
    struct pf_report_options chosen = *options;

    chosen.value = choose_value(profile, options->value);
    if (!pf_report_paths(&paths, profile, &chosen, err))
        return false;
    write_paths(&paths, paths.at, false, sink);
    pf_paths_fini(&paths);
    return true;
}

/* As difffolded.pl writes it: "stack BASE NEW". */
bool pf_diff_write_folded(const struct pf_diff *diff, const struct pf_report_options *options,
                          struct pf_sink *sink, struct pf_err *err)
{
    size_t size = diff->paths.count * sizeof *diff->paths.at;
    struct pf_path *sorted = pf_mem_new(1, size);

    (void)options;
    (void)err;
    if (size)
        memcpy(sorted, diff->paths.at, size);
    write_paths(&diff->paths, sorted, true, sink);
    free(sorted);
    return true;
}
