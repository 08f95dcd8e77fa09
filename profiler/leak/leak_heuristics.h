/*
 * Interior pointers that mean the whole block: memcheck's --leak-check-heuristics=all.
 *
 * Source: Valgrind manual, 4.3 "--leak-check-heuristics". stdstring: a std::string's text follows
 * length, capacity, reference count. length64: the text of a block that begins with its own size
 * (sqlite). newarray: the first element after new[]'s count. multipleinheritance: a second vtable
 * pointer inside an object that begins with one.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_LEAK_LEAK_HEURISTICS_H
#define PROFILER_LEAK_LEAK_HEURISTICS_H

#include <stdbool.h>
#include <stdint.h>

struct pf_leak_graph;
struct pf_leak_block;

/* Does an interior pointer at this address count as a pointer to the block's start? contents are
 * the block's bytes as copied, NULL if they were not. */
bool pf_leak_interior_is_start(const struct pf_leak_graph *graph, const struct pf_leak_block *block,
                               const uint8_t *contents, uint64_t address);

#endif
