/*
 * Callers and callees of the top functions: above a function those it is owed to, and theirs, below
 * it where its cost went, and from there.
 *
 * A path counts at the outermost place a function has in it, so that what is said of it adds up to
 * its total; recursion shows as a function among its own callees.
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
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"
#include "profiler/report/text_priv.h"

enum { TREE_NEIGHBOURS = 8, TREE_DEFAULT_DEPTH = 5 };
static const double tree_least_percent = 0.5;

void pf_text_name(char *out, size_t size, const struct pf_frame *frame)
{
    pf_utf8_clean(out, size, frame->name, strlen(frame->name));
}

/* A function reached from the one below (or above) it, on the way from one of the top functions. */
struct node {
    uint32_t parent, frame;
    int64_t value;
    uint32_t children_at, child_count; /* in order */
};

struct tree {
    const struct pf_text *text;
    struct node *at; /* two roots a top function first: its callers', its callees' */
    uint32_t count, capacity;
    struct pf_hash index;
    uint32_t *order; /* nodes, those of one parent together, most first */
    uint32_t depth;
};

static bool same_node(const void *owner, uint32_t id, const void *sought)
{
    const struct node *a = &((const struct tree *)owner)->at[id], *b = sought;

    return a->parent == b->parent && a->frame == b->frame;
}

static uint32_t add_node(struct tree *tree, const struct node *node)
{
    if (tree->count == tree->capacity) {
        tree->capacity = tree->capacity ? tree->capacity * 2 : 256;
        tree->at = pf_mem_resize(tree->at, tree->capacity, sizeof *tree->at);
    }
    tree->at[tree->count] = *node;
    return tree->count++;
}

static uint32_t find_child(struct tree *tree, uint32_t parent, uint32_t frame)
{
    struct node node = {.parent = parent, .frame = frame};
    uint64_t hash = pf_hash_u64((uint64_t)parent << 32 | frame);
    uint32_t id = pf_hash_find(&tree->index, hash, same_node, tree, &node);

    if (id != PF_HASH_NONE)
        return id;
    id = add_node(tree, &node);
    pf_hash_add(&tree->index, hash, id);
    return id;
}

/* From the frame at the place, up to its callers (step -1) or down to what it calls (1). */
static void walk(struct tree *tree, uint32_t root, const struct pf_path *path, uint32_t place,
                 int step)
{
    const uint32_t *ids = tree->text->paths->ids + path->at;
    int64_t at = (int64_t)place + step;

    for (uint32_t level = 0; level < tree->depth && at >= 0 && at < path->count; level++) {
        root = find_child(tree, root, ids[at]);
        tree->at[root].value = pf_value_add(tree->at[root].value, path->value);
        at += step;
    }
}

/* slots: of each frame its place among the top functions, PF_NONE: not one of them. */
static void collect(struct tree *tree, const uint32_t *slots, uint32_t top)
{
    const struct pf_paths *paths = tree->text->paths;
    uint32_t *seen = pf_mem_new(top, sizeof *seen); /* in which path last, plus one */

    for (uint32_t i = 0; i < paths->count; i++)
        for (uint32_t j = 0; j < paths->at[i].count; j++) {
            uint32_t slot = slots[paths->ids[paths->at[i].at + j]];
            if (slot == PF_NONE || seen[slot] == i + 1)
                continue;
            seen[slot] = i + 1;
            walk(tree, 2 * slot, &paths->at[i], j, -1);
            walk(tree, 2 * slot + 1, &paths->at[i], j, 1);
        }
    free(seen);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
    const struct tree *tree = context;
    const struct node *x = &tree->at[*(const uint32_t *)a], *y = &tree->at[*(const uint32_t *)b];
    const struct pf_frame *frames = tree->text->paths->frames.at;

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return strcmp(frames[x->frame].name, frames[y->frame].name);
}

static void put_in_order(struct tree *tree, uint32_t roots)
{
    uint32_t count = tree->count - roots;

    tree->order = pf_mem_new(count, sizeof *tree->order);
    for (uint32_t i = 0; i < count; i++)
        tree->order[i] = roots + i;
    qsort_r(tree->order, count, sizeof *tree->order, compare_nodes, tree);
    for (uint32_t i = 0; i < count; i++) {
        struct node *parent = &tree->at[tree->at[tree->order[i]].parent];
        if (parent->child_count++ == 0)
            parent->children_at = i;
    }
}

static void put_node(const struct tree *tree, const struct node *node, uint32_t level,
                     const char *arrow)
{
    const struct pf_paths *paths = tree->text->paths;
    char name[PF_TEXT_NAME_BYTES];

    pf_text_name(name, sizeof name, &paths->frames.at[node->frame]);
    pf_sink_printf(tree->text->sink, "%*s%6.2f%%  %s %s\n", (int)(2 * level), "",
                   pf_value_percent(node->value, paths->total), arrow, name);
}

/* Callers stand above what they call, callees below what calls them. At most tree->depth deep. */
static void put_children(const struct tree *tree, uint32_t parent, uint32_t level, bool callers)
{
    const struct node *of = &tree->at[parent];
    uint32_t shown = of->child_count < TREE_NEIGHBOURS ? of->child_count : TREE_NEIGHBOURS;

    for (uint32_t i = 0; i < shown; i++) {
        uint32_t id = tree->order[of->children_at + i];
        double percent = pf_value_percent(tree->at[id].value, tree->text->paths->total);
        if (percent < tree_least_percent && (i > 0 || level > 1))
            break;
        if (callers)
            put_children(tree, id, level + 1, callers);
        put_node(tree, &tree->at[id], level, callers ? "<-" : "->");
        if (!callers)
            put_children(tree, id, level + 1, callers);
    }
}

static void put_function(const struct tree *tree, const struct pf_total *total, uint32_t slot)
{
    const struct pf_text *text = tree->text;
    char name[PF_TEXT_NAME_BYTES];

    put_children(tree, 2 * slot, 1, true);
    pf_text_name(name, sizeof name, &text->paths->frames.at[total->frame]);
    pf_sink_printf(text->sink, "%6.2f%%  %s%s%s  (self %.2f%%)\n",
                   pf_value_percent(total->total, text->paths->total), text->bold, name,
                   text->plain, pf_value_percent(total->self, text->paths->total));
    put_children(tree, 2 * slot + 1, 1, false);
    pf_sink_put(text->sink, "\n", 1);
}

static uint32_t *number_top(const struct pf_paths *paths, const struct pf_totals *totals,
                            uint32_t top)
{
    uint32_t *slots = pf_mem_new(paths->frames.count, sizeof *slots);

    for (uint32_t i = 0; i < paths->frames.count; i++)
        slots[i] = PF_NONE;
    for (uint32_t i = 0; i < top; i++)
        slots[totals->at[i].frame] = i;
    return slots;
}

void pf_text_tree(const struct pf_text *text, const struct pf_totals *totals, uint32_t top,
                  uint32_t depth)
{
    struct tree tree = {.text = text, .depth = depth ? depth : TREE_DEFAULT_DEPTH};

    top = totals->count < top ? totals->count : top;
    uint32_t *slots = number_top(text->paths, totals, top);
    for (uint32_t i = 0; i < 2 * top; i++)
        (void)add_node(&tree, &(struct node){.parent = PF_NONE, .frame = PF_NONE});
    collect(&tree, slots, top);
    put_in_order(&tree, 2 * top);
    pf_sink_printf(text->sink, "\n%scallers (<-) and callees (->)%s\n", text->dim, text->plain);
    for (uint32_t i = 0; i < top; i++)
        put_function(&tree, &totals->at[i], i);
    free(slots);
    free(tree.order);
    free(tree.at);
    pf_hash_fini(&tree.index);
}
