/* SPDX-License-Identifier: MIT */
#include "profiler/report/flame_tree.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"

/* A group of a node's paths that go on with the same frame. */
struct branch {
    uint32_t frame;
    uint32_t count, at;
    int64_t total, base_total;
};

struct builder {
    const struct pf_paths *paths;
    struct pf_flame_tree *tree;
    uint32_t capacity, nodes_max;
    int64_t least;
    struct pf_path *order; /* of the paths; a node's are a run of it */
    struct pf_path *copy;  /* as long, while a run is put into order */
    uint32_t *scratch;     /* each path's branch, then too */
    struct run {
        uint32_t from, to;
    } * runs; /* one a node */
    struct candidate {
        int64_t weight;
        uint32_t node;
    } * heap; /* nodes not yet split, heaviest first */
    uint32_t heap_count;
    uint32_t *rank;      /* of a frame by name and object */
    uint32_t *branch_of; /* of a frame, plus one, while a node is split */
    struct branch *branches;
    uint32_t branch_count, branch_capacity;
};

static bool is_before(const struct candidate *x, const struct candidate *y)
{
    if (x->weight != y->weight)
        return x->weight > y->weight;
    return x->node < y->node; /* in order of making: the same tree every time */
}

static void heap_push(struct builder *b, uint32_t node)
{
    const struct pf_flame_node *of = &b->tree->at[node];
    struct candidate new = {pf_value_add(of->total, of->base_total), node};
    uint32_t at = b->heap_count++;

    while (at > 0 && is_before(&new, &b->heap[(at - 1) / 2])) {
        b->heap[at] = b->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    b->heap[at] = new;
}

static uint32_t heap_pop(struct builder *b)
{
    uint32_t top = b->heap[0].node;
    struct candidate last = b->heap[--b->heap_count];
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= b->heap_count)
            break;
        if (child + 1 < b->heap_count && is_before(&b->heap[child + 1], &b->heap[child]))
            child++;
        if (!is_before(&b->heap[child], &last))
            break;
        b->heap[at] = b->heap[child];
        at = child;
    }
    b->heap[at] = last;
    return top;
}

static void reserve_nodes(struct builder *b)
{
    if (b->tree->count < b->capacity)
        return;
    b->capacity = b->capacity ? b->capacity * 2 : 1024;
    b->tree->at = pf_mem_resize(b->tree->at, b->capacity, sizeof *b->tree->at);
    b->runs = pf_mem_resize(b->runs, b->capacity, sizeof *b->runs);
    b->heap = pf_mem_resize(b->heap, b->capacity, sizeof *b->heap);
}

static uint32_t add_node(struct builder *b, const struct pf_flame_node *node, struct run run)
{
    uint32_t at = b->tree->count;

    reserve_nodes(b);
    b->tree->at[at] = *node;
    b->runs[at] = run;
    b->tree->count++;
    if (node->depth > b->tree->depth)
        b->tree->depth = node->depth;
    heap_push(b, at);
    return at;
}

static struct branch *find_branch(struct builder *b, uint32_t frame)
{
    if (b->branch_of[frame])
        return &b->branches[b->branch_of[frame] - 1];
    if (b->branch_count == b->branch_capacity) {
        b->branch_capacity = b->branch_capacity ? b->branch_capacity * 2 : 64;
        b->branches = pf_mem_resize(b->branches, b->branch_capacity, sizeof *b->branches);
    }
    b->branches[b->branch_count] = (struct branch){.frame = frame};
    b->branch_of[frame] = b->branch_count + 1;
    return &b->branches[b->branch_count++];
}

static int64_t at_least_zero(int64_t value)
{
    return value > 0 ? value : 0;
}

static void swap_to_front(struct builder *b, uint32_t at, uint32_t front)
{
    struct pf_path path = b->order[at];

    b->order[at] = b->order[front];
    b->scratch[at] = b->scratch[front];
    b->order[front] = path;
}

/* Frames lie anywhere: ask for those to come while this one is worked on. */
static void look_ahead(const struct builder *b, uint32_t depth, uint32_t at, uint32_t end)
{
    if (at + 32 < end)
        __builtin_prefetch(b->paths->ids + b->order[at + 32].at + depth);
}

/* Sort a node's paths into branches; those that end here are its self. Returns how many ended:
 * they stay at the front of the run. scratch keeps each remaining path's branch. */
static uint32_t count_branches(struct builder *b, struct pf_flame_node *node, struct run run)
{
    uint32_t ended = 0;

    for (uint32_t i = run.from; i < run.to; i++) {
        const struct pf_path *path = &b->order[i];
        look_ahead(b, node->depth, i, run.to);
        if (path->count == node->depth) {
            node->self = pf_value_add(node->self, at_least_zero(path->value));
            node->base_self = pf_value_add(node->base_self, at_least_zero(path->base));
            swap_to_front(b, i, run.from + ended++);
            continue;
        }
        struct branch *branch = find_branch(b, b->paths->ids[path->at + node->depth]);
        branch->count++;
        branch->total = pf_value_add(branch->total, at_least_zero(path->value));
        branch->base_total = pf_value_add(branch->base_total, at_least_zero(path->base));
        b->scratch[i] = (uint32_t)(branch - b->branches);
    }
    return ended;
}

static int compare_branches(const void *a, const void *b, void *rank)
{
    const struct branch *x = a, *y = b;
    const uint32_t *of = rank;

    return of[x->frame] < of[y->frame] ? -1 : 1;
}

/* Bring the run's paths into the order of its branches: an American-flag permutation would save the
 * copy, but the copy streams. */
static void place_paths(struct builder *b, struct run run)
{
    uint32_t at = run.from;

    for (uint32_t i = 0; i < b->branch_count; i++) {
        b->branches[i].at = at;
        at += b->branches[i].count;
    }
    if (b->branch_count > 1) {
        memcpy(b->copy + run.from, b->order + run.from, (run.to - run.from) * sizeof *b->copy);
        for (uint32_t i = run.from; i < run.to; i++)
            b->order[b->branches[b->scratch[i]].at++] = b->copy[i];
    } else if (b->branch_count == 1) {
        b->branches[0].at = run.to;
    }
}

static void add_children(struct builder *b, uint32_t parent)
{
    uint32_t last = PF_NONE;

    if (b->branch_count > 1)
        qsort_r(b->branches, b->branch_count, sizeof *b->branches, compare_branches, b->rank);
    for (uint32_t i = 0; i < b->branch_count; i++) {
        const struct branch *branch = &b->branches[i];
        struct pf_flame_node *node = &b->tree->at[parent];
        if (branch->total < b->least && branch->base_total < b->least) {
            node->cut = pf_value_add(node->cut, branch->total);
            node->base_cut = pf_value_add(node->base_cut, branch->base_total);
            continue;
        }
        struct pf_flame_node child = {.frame = branch->frame,
                                      .parent = parent,
                                      .first_child = PF_NONE,
                                      .next = PF_NONE,
                                      .depth = node->depth + 1,
                                      .total = branch->total,
                                      .base_total = branch->base_total};
        uint32_t id = add_node(b, &child, (struct run){branch->at - branch->count, branch->at});
        *(last == PF_NONE ? &b->tree->at[parent].first_child : &b->tree->at[last].next) = id;
        last = id;
    }
}

static void split(struct builder *b, uint32_t node)
{
    struct run run = b->runs[node];

    b->branch_count = 0;
    run.from += count_branches(b, &b->tree->at[node], run);
    for (uint32_t i = 0; i < b->branch_count; i++)
        b->branch_of[b->branches[i].frame] = 0;
    place_paths(b, run);
    add_children(b, node);
}

/* A node that is left unsplit: what ends in it is its self, the rest is cut. */
static void close_node(struct builder *b, uint32_t node)
{
    struct pf_flame_node *at = &b->tree->at[node];
    struct run run = b->runs[node];

    for (uint32_t i = run.from; i < run.to; i++) {
        const struct pf_path *path = &b->order[i];
        if (path->count != at->depth)
            continue;
        at->self = pf_value_add(at->self, at_least_zero(path->value));
        at->base_self = pf_value_add(at->base_self, at_least_zero(path->base));
    }
    at->cut = at->total - at->self;
    at->base_cut = at->base_total - at->base_self;
}

struct named {
    const struct pf_frame *frame;
    uint32_t id;
};

static int compare_named(const void *a, const void *b)
{
    const struct pf_frame *x = ((const struct named *)a)->frame;
    const struct pf_frame *y = ((const struct named *)b)->frame;
    int order = strcmp(x->name, y->name);

    if (order == 0)
        order = strcmp(x->object, y->object);
    return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

static void rank_frames(struct builder *b)
{
    const struct pf_frames *frames = &b->paths->frames;
    struct named *named = pf_mem_new(frames->count, sizeof *named);

    for (uint32_t i = 0; i < frames->count; i++)
        named[i] = (struct named){&frames->at[i], i};
    qsort(named, frames->count, sizeof *named, compare_named);
    b->rank = pf_mem_new(frames->count, sizeof *b->rank);
    for (uint32_t i = 0; i < frames->count; i++)
        b->rank[named[i].id] = i;
    free(named);
}

static void add_root(struct builder *b)
{
    const struct pf_paths *paths = b->paths;
    struct pf_flame_node root = {
        .frame = PF_NONE, .parent = PF_NONE, .first_child = PF_NONE, .next = PF_NONE};

    for (uint32_t i = 0; i < paths->count; i++) {
        b->order[i] = paths->at[i];
        root.total = pf_value_add(root.total, at_least_zero(paths->at[i].value));
        root.base_total = pf_value_add(root.base_total, at_least_zero(paths->at[i].base));
    }
    (void)add_node(b, &root, (struct run){0, paths->count});
}

void pf_flame_tree_init(struct pf_flame_tree *tree, const struct pf_paths *paths,
                        uint32_t nodes_max, int64_t least)
{
    struct builder b = {
        .paths = paths, .tree = tree, .nodes_max = nodes_max, .least = least > 0 ? least : 1};

    *tree = (struct pf_flame_tree){0};
    b.order = pf_mem_new(paths->count, sizeof *b.order);
    b.copy = pf_mem_new(paths->count, sizeof *b.copy);
    b.scratch = pf_mem_new(paths->count, sizeof *b.scratch);
    b.branch_of = pf_mem_new(paths->frames.count, sizeof *b.branch_of);
    rank_frames(&b);
    add_root(&b);
    while (b.heap_count && tree->count < nodes_max)
        split(&b, heap_pop(&b));
    while (b.heap_count)
        close_node(&b, heap_pop(&b));
    free(b.order);
    free(b.copy);
    free(b.scratch);
    free(b.branch_of);
    free(b.rank);
    free(b.runs);
    free(b.heap);
    free(b.branches);
}

void pf_flame_tree_fini(struct pf_flame_tree *tree)
{
    free(tree->at);
    *tree = (struct pf_flame_tree){0};
}

uint32_t pf_flame_skip(const struct pf_flame_tree *tree, uint32_t node)
{
    while (node != PF_NONE && tree->at[node].next == PF_NONE)
        node = tree->at[node].parent;
    return node == PF_NONE ? PF_NONE : tree->at[node].next;
}

uint32_t pf_flame_next(const struct pf_flame_tree *tree, uint32_t node)
{
    uint32_t child = tree->at[node].first_child;

    return child != PF_NONE ? child : pf_flame_skip(tree, node);
}
