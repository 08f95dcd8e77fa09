/*
 * Memory that dies together, and the one place that meets an empty heap.
 *
 * Assay's host side bounds everything that grows, so running out of memory is not an expected
 * outcome: pf_mem_* and arenas end the process with one line on stderr rather than hand every
 * caller a branch no test would reach. (Nothing here runs inside a server.)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_ARENA_H
#define PROFILER_BASE_ARENA_H

#include <stddef.h>

/* count * size bytes of zeros, never NULL. Release with free(). */
void *pf_mem_new(size_t count, size_t size);

/* realloc to count * size bytes, never NULL; new bytes are not cleared. */
void *pf_mem_resize(void *old, size_t count, size_t size);

struct pf_arena_block;

/* Zero is a valid empty arena. */
struct pf_arena {
    struct pf_arena_block *newest;
    size_t used_bytes; /* all blocks, for limits and reports */
};

void pf_arena_fini(struct pf_arena *arena);

/* size bytes of zeros, aligned for any type; lives until pf_arena_fini. */
void *pf_arena_alloc(struct pf_arena *arena, size_t size);

/* A NUL-terminated copy of size bytes of text. */
char *pf_arena_text(struct pf_arena *arena, const char *text, size_t size);

#endif
