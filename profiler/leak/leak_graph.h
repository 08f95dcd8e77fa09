/*
 * Which blocks can still be reached: memcheck's four kinds, judged from a copy of memory.
 *
 * The rules are those of Valgrind's manual, "Memory leak detection": a block is reachable if a
 * chain of start-pointers leads to it from a root, possibly lost if every chain contains an
 * interior pointer, definitely lost if there is none and no other lost block points to it, and
 * indirectly lost otherwise. Of a cycle the block with the lowest address leads the clique.
 *
 * Units:    addresses are the judged process's.
 * Context:  pure but for working memory; reads nothing outside of what it is given.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_LEAK_LEAK_GRAPH_H
#define PROFILER_LEAK_LEAK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pf_leak_kind {
    PF_LEAK_DEFINITE,
    PF_LEAK_INDIRECT,
    PF_LEAK_POSSIBLE,
    PF_LEAK_REACHABLE,
    PF_LEAK_KINDS,
};

struct pf_leak_block {
    uint64_t start, size_bytes;
    uint32_t stack; /* the owner's number for where it was allocated */
    uint32_t born_ms;
    bool is_root; /* in: reachable whatever points to it (suppressed, inherited, early) */

    enum pf_leak_kind kind;   /* out */
    uint32_t leader;          /* out, indirect: index of the definite block that leads its clique */
    uint32_t indirect_blocks; /* out, definite: how many blocks are lost through it, */
    uint64_t indirect_bytes;  /* and how much */
};

/* Bytes copied from the process. */
struct pf_leak_range {
    uint64_t start;
    const uint8_t *bytes;
    size_t size;
};

struct pf_leak_graph {
    struct pf_leak_block *blocks; /* sorted by start */
    uint32_t block_count;
    const struct pf_leak_range *heap; /* holds the blocks' contents; sorted by start, apart */
    size_t heap_count;
    const struct pf_leak_range *roots; /* every aligned word in them may be a pointer */
    size_t root_count;
    const uint64_t *root_words; /* registers, kernel-held pointers */
    size_t root_word_count;
    const struct pf_leak_range *code; /* executable ranges, bytes NULL: tell vtables */
    size_t code_count;
};

/* Give every block its kind. Contents that are in no heap range point nowhere. */
void pf_leak_judge(struct pf_leak_graph *graph);

/* "definite", "indirect", "possible", "reachable". */
const char *pf_leak_kind_name(enum pf_leak_kind kind);

#endif
