/*
 * Callers and callees of the top functions, as gprof and perf show them: whom a function's cost is
 * owed to above it, where it went below.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"
#include "profiler/report/text_priv.h"

enum { TREE_NEIGHBOURS = 8 };
static const double tree_least_percent = 0.5;

void pf_text_name(char *out, size_t size, const struct pf_frame *frame)
{
    pf_utf8_clean(out, size, frame->name, strlen(frame->name));
}

/* Caller to callee, with what passed along it; of each path an edge counts once. */
struct edge {
    uint32_t caller, callee;
    int64_t value;
    uint32_t mark;
};

struct edges {
    struct edge *at;
    uint32_t count, capacity;
    struct pf_hash index;
};

static bool same_edge(const void *owner, uint32_t id, const void *sought)
{
    const struct edge *a = &((const struct edges *)owner)->at[id], *b = sought;

    return a->caller == b->caller && a->callee == b->callee;
}

static struct edge *find_edge(struct edges *edges, uint32_t caller, uint32_t callee)
{
    struct edge edge = {.caller = caller, .callee = callee};
    uint64_t hash = pf_hash_u64((uint64_t)caller << 32 | callee);
    uint32_t id = pf_hash_find(&edges->index, hash, same_edge, edges, &edge);

    if (id != PF_HASH_NONE)
        return &edges->at[id];
    if (edges->count == edges->capacity) {
        edges->capacity = edges->capacity ? edges->capacity * 2 : 256;
        edges->at = pf_mem_resize(edges->at, edges->capacity, sizeof *edges->at);
    }
    edges->at[edges->count] = edge;
    pf_hash_add(&edges->index, hash, edges->count);
    return &edges->at[edges->count++];
}

static void collect_edges(struct edges *edges, const struct pf_paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        const uint32_t *ids = paths->ids + paths->at[i].at;
        for (uint32_t j = 1; j < paths->at[i].count; j++) {
            struct edge *edge = find_edge(edges, ids[j - 1], ids[j]);
            if (edge->mark == i + 1)
                continue;
            edge->mark = i + 1;
            edge->value = pf_value_add(edge->value, paths->at[i].value);
        }
    }
}

static int compare_edges(const void *a, const void *b, void *frames)
{
    const struct edge *const *x = a, *const *y = b;
    const struct pf_frame *at = frames;

    if ((*x)->value != (*y)->value)
        return (*x)->value > (*y)->value ? -1 : 1;
    int order = strcmp(at[(*x)->caller].name, at[(*y)->caller].name);
    return order ? order : strcmp(at[(*x)->callee].name, at[(*y)->callee].name);
}

static void put_neighbour(const struct pf_text *text, const struct edge *edge, uint32_t frame,
                          const char *arrow)
{
    char name[PF_TEXT_NAME_BYTES];

    pf_text_name(name, sizeof name, &text->paths->frames.at[frame]);
    pf_sink_printf(text->sink, "  %6.2f%%  %s %s\n",
                   pf_value_percent(edge->value, text->paths->total), arrow, name);
}

/* sorted holds every edge, most first. */
static void put_neighbours(const struct pf_text *text, struct edge **sorted, uint32_t count,
                           uint32_t frame, bool callers)
{
    unsigned shown = 0;

    for (uint32_t i = 0; i < count && shown < TREE_NEIGHBOURS; i++) {
        const struct edge *edge = sorted[i];
        if (pf_value_percent(edge->value, text->paths->total) < tree_least_percent && shown > 0)
            break;
        if ((callers ? edge->callee : edge->caller) != frame)
            continue;
        put_neighbour(text, edge, callers ? edge->caller : edge->callee, callers ? "<-" : "->");
        shown++;
    }
}

static void put_function(const struct pf_text *text, const struct pf_total *total,
                         struct edge **sorted, uint32_t count)
{
    char name[PF_TEXT_NAME_BYTES];

    put_neighbours(text, sorted, count, total->frame, true);
    pf_text_name(name, sizeof name, &text->paths->frames.at[total->frame]);
    pf_sink_printf(text->sink, "%6.2f%%  %s%s%s  (self %.2f%%)\n",
                   pf_value_percent(total->total, text->paths->total), text->bold, name,
                   text->plain, pf_value_percent(total->self, text->paths->total));
    put_neighbours(text, sorted, count, total->frame, false);
    pf_sink_put(text->sink, "\n", 1);
}

void pf_text_tree(const struct pf_text *text, const struct pf_totals *totals, uint32_t top)
{
    struct edges edges = {0};

    collect_edges(&edges, text->paths);
    struct edge **sorted = pf_mem_new(edges.count, sizeof(struct edge *));
    for (uint32_t i = 0; i < edges.count; i++)
        sorted[i] = &edges.at[i];
    qsort_r(sorted, edges.count, sizeof(struct edge *), compare_edges, text->paths->frames.at);
    pf_sink_printf(text->sink, "\n%scallers (<-) and callees (->)%s\n", text->dim, text->plain);
    for (uint32_t i = 0; i < totals->count && i < top; i++)
        put_function(text, &totals->at[i], sorted, edges.count);
    free(sorted);
    free(edges.at);
    pf_hash_fini(&edges.index);
}
