/*
 * A flamegraph's tree: paths merged from the root, children in order of name.
 *
 * It holds at most a given number of nodes, and then exactly the heaviest ones: a node is split
 * into its children only while it is the heaviest not yet split, so that a profile of millions of
 * distinct stacks costs what can be seen of it. What was not split off remains in the node's cut.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_FLAME_TREE_H
#define PROFILER_REPORT_FLAME_TREE_H

#include <stdint.h>

struct pf_paths;

enum { PF_FLAME_NODES_MAX = 200000 };

struct pf_flame_node {
    uint32_t frame;             /* in paths->frames; the root's is PF_NONE */
    uint32_t parent;            /* PF_NONE: the root */
    uint32_t first_child, next; /* PF_NONE: none */
    uint32_t depth;             /* the root's is 0 */
    int64_t total, self;
    int64_t cut;                             /* of total: in children that have no node */
    int64_t base_total, base_self, base_cut; /* the same of the profile compared with */
};

struct pf_flame_tree {
    struct pf_flame_node *at; /* [0] is the root */
    uint32_t count;
    uint32_t depth; /* of the deepest node */
};

/* least: children below that value get no node of their own; 0: all do. */
void pf_flame_tree_init(struct pf_flame_tree *tree, const struct pf_paths *paths,
                        uint32_t nodes_max, int64_t least);
void pf_flame_tree_fini(struct pf_flame_tree *tree);

/* The next node in order (parent, then its children from left to right), PF_NONE after the last. */
uint32_t pf_flame_next(const struct pf_flame_tree *tree, uint32_t node);

/* The next node in that order that is not below this one. */
uint32_t pf_flame_skip(const struct pf_flame_tree *tree, uint32_t node);

#endif
