/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/profile/value.h"
#include "profiler/report/callgrind_priv.h"

enum { CALLGRIND_DEPTH_MAX = 256, CALLGRIND_SHARES = 1000000, CALLGRIND_STEPS_MAX = 50000000 };

void pf_callgrind_fini(struct pf_callgrind *graph)
{
    free(graph->functions);
    free(graph->self);
    free(graph->callers);
    free(graph->calls);
    pf_hash_fini(&graph->function_index);
    pf_hash_fini(&graph->call_index);
    *graph = (struct pf_callgrind){0};
}

/* One function is one name of one object: its file may be given in several ways. */
static bool same_function(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_callgrind_function *a = &((const struct pf_callgrind *)owner)->functions[id];
    const struct pf_callgrind_function *b = sought;

    return a->name == b->name && a->object == b->object;
}

static void grow_functions(struct pf_callgrind *graph)
{
    uint32_t values = graph->out->value_count;

    graph->function_capacity = graph->function_capacity ? graph->function_capacity * 2 : 256;
    graph->functions =
        pf_mem_resize(graph->functions, graph->function_capacity, sizeof *graph->functions);
    graph->callers =
        pf_mem_resize(graph->callers, graph->function_capacity, sizeof *graph->callers);
    graph->self = pf_mem_resize(
        graph->self, (size_t)graph->function_capacity * (values ? values : 1), sizeof *graph->self);
}

uint32_t pf_callgrind_function(struct pf_callgrind *graph, const struct pf_callgrind_function *at)
{
    uint64_t hash = pf_hash_u64((uint64_t)at->name << 32 | at->object);
    uint32_t id = pf_hash_find(&graph->function_index, hash, same_function, graph, at);

    if (id != PF_HASH_NONE)
        return id;
    if (graph->function_count == graph->function_capacity)
        grow_functions(graph);
    id = graph->function_count++;
    graph->functions[id] = *at;
    graph->callers[id] = PF_NONE;
    memset(graph->self + (size_t)id * graph->out->value_count, 0,
           graph->out->value_count * sizeof *graph->self);
    pf_hash_add(&graph->function_index, hash, id);
    return id;
}

void pf_callgrind_add_line(struct pf_callgrind *graph, uint32_t function, uint32_t line)
{
    uint32_t *first = &graph->functions[function].line;

    if (line && (*first == 0 || line < *first))
        *first = line;
}

void pf_callgrind_add_self(struct pf_callgrind *graph, uint32_t function, const int64_t *costs)
{
    uint32_t values = graph->out->value_count;

    for (uint32_t i = 0; i < values; i++) {
        int64_t *to = &graph->self[(size_t)function * values + i];
        *to = pf_value_add(*to, costs[i]);
    }
}

static bool same_call(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_callgrind_call *a = &((const struct pf_callgrind *)owner)->calls[id];
    const struct pf_callgrind_call *b = sought;

    return a->caller == b->caller && a->callee == b->callee;
}

void pf_callgrind_add_call(struct pf_callgrind *graph, uint32_t caller, uint32_t callee,
                           int64_t cost)
{
    struct pf_callgrind_call call = {caller, callee, cost, PF_NONE};
    uint64_t hash = pf_hash_u64((uint64_t)caller << 32 | callee);
    uint32_t id = pf_hash_find(&graph->call_index, hash, same_call, graph, &call);

    if (id != PF_HASH_NONE) {
        graph->calls[id].cost = pf_value_add(graph->calls[id].cost, cost);
        return;
    }
    if (graph->call_count == graph->call_capacity) {
        graph->call_capacity = graph->call_capacity ? graph->call_capacity * 2 : 256;
        graph->calls = pf_mem_resize(graph->calls, graph->call_capacity, sizeof *graph->calls);
    }
    call.next_caller = graph->callers[callee];
    graph->callers[callee] = graph->call_count;
    pf_hash_add(&graph->call_index, hash, graph->call_count);
    graph->calls[graph->call_count++] = call;
}

/* A walk from a function up to the roots; path is leaf first. */
struct walk {
    struct pf_callgrind *graph;
    uint32_t *locations; /* of each function */
    bool *on_path;
    uint32_t path[CALLGRIND_DEPTH_MAX];
    uint32_t depth;
    int64_t least;  /* shares below are not divided */
    uint32_t steps; /* callers looked at; a hostile graph has more ways up than time */
};

static void add_stack(struct walk *w, const int64_t *costs)
{
    uint32_t stack[CALLGRIND_DEPTH_MAX];

    for (uint32_t i = 0; i < w->depth; i++)
        stack[i] = w->locations[w->path[i]];
    (void)pf_profile_add(w->graph->out, pf_profile_stack(w->graph->out, stack, w->depth), PF_NONE,
                         costs);
}

/* The callers that may be followed: what their calls cost together, and the dearest. */
static int64_t sum_callers(struct walk *w, uint32_t function, uint32_t *dearest)
{
    const struct pf_callgrind *graph = w->graph;
    int64_t sum = 0, most = -1;

    *dearest = PF_NONE;
    for (uint32_t i = graph->callers[function]; i != PF_NONE; i = graph->calls[i].next_caller) {
        const struct pf_callgrind_call *call = &graph->calls[i];
        w->steps++;
        if (w->on_path[call->caller])
            continue;
        sum = pf_value_add(sum, call->cost);
        if (call->cost > most) {
            most = call->cost;
            *dearest = i;
        }
    }
    return sum;
}

static void share(const int64_t *costs, uint32_t values, int64_t part, int64_t whole, int64_t *out)
{
    for (uint32_t i = 0; i < values; i++)
        out[i] =
            whole ? (int64_t)((long double)costs[i] * (long double)part / (long double)whole) : 0;
}

static void climb(struct walk *w, uint32_t function, const int64_t *costs);

/* Every caller but the dearest gets its share; the dearest what remains, so that nothing is lost.
 */
static void divide(struct walk *w, uint32_t function, const int64_t *costs, uint32_t dearest,
                   int64_t sum)
{
    const struct pf_callgrind *graph = w->graph;
    uint32_t values = graph->out->value_count;
    int64_t left[PF_PROFILE_VALUES_MAX], part[PF_PROFILE_VALUES_MAX];

    memcpy(left, costs, values * sizeof *left);
    for (uint32_t i = graph->callers[function]; i != PF_NONE && costs[0] > w->least;
         i = graph->calls[i].next_caller) {
        const struct pf_callgrind_call *call = &graph->calls[i];
        if (i == dearest || w->on_path[call->caller])
            continue;
        share(costs, values, call->cost, sum, part);
        if (part[0] == 0)
            continue;
        for (uint32_t v = 0; v < values; v++)
            left[v] -= part[v];
        climb(w, call->caller, part);
    }
    climb(w, graph->calls[dearest].caller, left);
}

/* Recursion is bounded by CALLGRIND_DEPTH_MAX: every step puts one function on the path. */
static void climb(struct walk *w, uint32_t function, const int64_t *costs)
{
    uint32_t dearest = PF_NONE;

    w->path[w->depth++] = function;
    w->on_path[function] = true;
    int64_t sum = sum_callers(w, function, &dearest);
    if (dearest == PF_NONE || w->depth == CALLGRIND_DEPTH_MAX || w->steps > CALLGRIND_STEPS_MAX)
        add_stack(w, costs);
    else
        divide(w, function, costs, dearest, sum);
    w->on_path[function] = false;
    w->depth--;
}

static uint32_t enter_location(struct pf_callgrind *graph, const struct pf_callgrind_function *from)
{
    struct pf_profile *out = graph->out;
    struct pf_function function = {.name = from->name};
    struct pf_mapping mapping = {.file = from->object, .has_functions = true, .has_files = true};
    struct pf_location location = {.mapping = PF_NONE, .line_count = 1};

    if (strcmp(pf_profile_text(out, from->file), "???") != 0)
        function.file = from->file;
    if (from->object && strcmp(pf_profile_text(out, from->object), "???") != 0)
        location.mapping = pf_profile_mapping(out, &mapping);
    struct pf_line line = {pf_profile_function(out, &function), from->line};
    return pf_profile_location_with_lines(out, &location, &line);
}

static void describe(struct pf_callgrind *graph)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);

    strcpy(summary->engine, "callgrind");
    strcpy(summary->mode, "instructions");
    strcpy(summary->note, "exact costs by function; callgrind keeps calls, not stacks: the stacks "
                          "are rebuilt, callers share in proportion to what their calls cost");
    (void)snprintf(summary->command, sizeof summary->command, "%.*s",
                   (int)(graph->command.size < 200 ? graph->command.size : 200),
                   graph->command.size ? (const char *)graph->command.at : "");
    summary->cost_percent = -1;
    pf_summary_store(summary, graph->out);
    free(summary);
}

void pf_callgrind_stacks(struct pf_callgrind *graph)
{
    uint32_t values = graph->out->value_count;
    struct walk *w = pf_mem_new(1, sizeof *w);
    int64_t total = 0;

    w->graph = graph;
    w->locations = pf_mem_new(graph->function_count, sizeof *w->locations);
    w->on_path = pf_mem_new(graph->function_count, sizeof *w->on_path);
    for (uint32_t i = 0; i < graph->function_count; i++) {
        w->locations[i] = enter_location(graph, &graph->functions[i]);
        total = pf_value_add(total, graph->self[(size_t)i * values]);
    }
    w->least = total / CALLGRIND_SHARES;
    for (uint32_t i = 0; i < graph->function_count; i++)
        if (graph->self[(size_t)i * values] > 0)
            climb(w, i, graph->self + (size_t)i * values);
    describe(graph);
    free(w->locations);
    free(w->on_path);
    free(w);
}
