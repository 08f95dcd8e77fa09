/* SPDX-License-Identifier: MIT */
#include "profiler/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BLOCK_BYTES = 64 * 1024, ARENA_ALIGN = 16 };
enum { PAGE_BYTES = 4096, HUGE_FROM_BYTES = 8 << 20 };

struct pf_arena_block {
    struct pf_arena_block *older;
    size_t size;
    size_t used;
    _Alignas(ARENA_ALIGN) unsigned char bytes[];
};

static void *or_die(void *memory, size_t size)
{
    if (!memory) {
        (void)fprintf(stderr, "assay: out of memory (%zu bytes asked for)\n", size);
        abort();
    }
    return memory;
}

/* A table this large is filled whole and jumped about in: huge pages, where the system has them to
 * give, save it most of its page faults and TLB misses. Advice for whole mappings only, malloc's
 * header included: mremap would not move a part. */
static void *prefer_huge_pages(void *memory, size_t size)
{
    size_t before = (uintptr_t)memory % PAGE_BYTES;

    if (size >= HUGE_FROM_BYTES)
        (void)madvise((char *)memory - before, size + before, MADV_HUGEPAGE);
    return memory;
}

void *pf_mem_new(size_t count, size_t size)
{
    void *memory = or_die(calloc(count ? count : 1, size ? size : 1), count * size);

    return prefer_huge_pages(memory, count * size);
}

void *pf_mem_resize(void *old, size_t count, size_t size)
{
    void *memory = or_die(reallocarray(old, count ? count : 1, size ? size : 1), count * size);

    return prefer_huge_pages(memory, count * size);
}

void pf_arena_fini(struct pf_arena *arena)
{
    struct pf_arena_block *block = arena->newest;

    while (block) {
        struct pf_arena_block *older = block->older;
        free(block);
        block = older;
    }
    *arena = (struct pf_arena){0};
}

static struct pf_arena_block *add_block(struct pf_arena *arena, size_t at_least)
{
    size_t size = at_least > ARENA_BLOCK_BYTES ? at_least : ARENA_BLOCK_BYTES;
    struct pf_arena_block *block = pf_mem_new(1, sizeof *block + size);

    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
    arena->used_bytes += size;
    return block;
}

void *pf_arena_alloc(struct pf_arena *arena, size_t size)
{
    size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct pf_arena_block *block = arena->newest;

    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    void *memory = block->bytes + block->used;
    block->used += rounded;
    return memory;
}

char *pf_arena_text(struct pf_arena *arena, const char *text, size_t size)
{
    char *copy = pf_arena_alloc(arena, size + 1);

    if (size)
        memcpy(copy, text, size);
    return copy;
}
