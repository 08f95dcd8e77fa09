/*
 * Memory that lives as long as a test, from mmap: the heap may be what is being mocked.
 *
 * Blocks are populated at once (a page fault costs more than a record) and grow, so that a test
 * with few calls takes one small block; the largest of up to 1 MiB is kept for the next.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { FIRST_BYTES = 64 * 1024, KEPT_BYTES = 1024 * 1024, LARGEST_BYTES = 4 * 1024 * 1024 };
enum { ALIGN = 16 };

struct block {
    struct block *older;
    size_t size, used;
};

enum { HEAD_BYTES = (sizeof(struct block) + ALIGN - 1) & ~(size_t)(ALIGN - 1) };

static struct block *newest;

static struct block *map_block(size_t size)
{
    void *at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (at == MAP_FAILED) {
        static const char text[] = "assay: mocks: out of memory for the call log\n";
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
        _exit(134);
    }
    struct block *block = at;
    *block = (struct block){newest, size, HEAD_BYTES};
    return block;
}

static size_t next_size(size_t least)
{
    size_t size = newest ? newest->size * 2 : FIRST_BYTES;

    if (size > LARGEST_BYTES)
        size = LARGEST_BYTES;
    return least + HEAD_BYTES > size ? least + HEAD_BYTES : size;
}

void *mk_new(size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!newest || newest->size - newest->used < size)
        newest = map_block(next_size(size));
    void *at = (unsigned char *)newest + newest->used;
    newest->used += size;
    return at;
}

void *mk_copy(const void *bytes, size_t size)
{
    return memcpy(mk_new(size), bytes, size);
}

static void reuse(struct block *block)
{
    block->older = NULL;
    memset((unsigned char *)block + HEAD_BYTES, 0, block->used - HEAD_BYTES);
    block->used = HEAD_BYTES;
}

void mk_arena_reset(void)
{
    struct block *kept = NULL;

    while (newest) {
        struct block *block = newest;
        newest = block->older;
        if (!kept && block->size <= KEPT_BYTES)
            kept = block;
        else
            (void)munmap(block, block->size);
    }
    if (kept)
        reuse(kept);
    newest = kept;
}
