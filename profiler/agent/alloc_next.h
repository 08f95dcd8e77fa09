/*
 * The allocator the hooks stand before: the C library's, or another that the server is linked with.
 *
 * Usable from the first instruction: until ag_next_resolve has run, glibc's __libc_* names, which
 * need no lookup, serve.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_ALLOC_NEXT_H
#define PROFILER_AGENT_ALLOC_NEXT_H

#include <stdbool.h>
#include <stddef.h>

struct ag_next {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void (*free)(void *block);
    void *(*memalign)(size_t alignment, size_t size);
    void *(*aligned_alloc)(size_t alignment, size_t size);
    int (*posix_memalign)(void **out, size_t alignment, size_t size);
    void *(*valloc)(size_t size);
    void *(*pvalloc)(size_t size);
    size_t (*usable_size)(void *block);
    size_t least; /* smallest request passed on: keeps starts of blocks 32 bytes apart */
    bool is_foreign;
};

extern struct ag_next ag_next;

/* Look for an allocator between us and the C library. Context: target, in the constructor. */
void ag_next_resolve(void);

/* A request as it is passed on. Context: signal. */
static inline size_t ag_next_size(size_t size)
{
    return size < ag_next.least ? ag_next.least : size;
}

/* glibc's own, for blocks handed out before another allocator was found. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
void *__libc_memalign(size_t alignment, size_t size);

#endif
