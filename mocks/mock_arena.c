/*
 * Memory that lives as long as a test, from mmap: the heap may be what is being mocked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { BLOCK_BYTES = 256 * 1024, ALIGN = 16 };

struct block {
    struct block *older;
    size_t size, used;
};

static struct block *newest;

static struct block *map_block(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        static const char text[] = "assay: mocks: out of memory for the call log\n";
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
        _exit(134);
    }
    struct block *block = at;
    *block = (struct block){newest, size, (sizeof *block + ALIGN - 1) & ~(size_t)(ALIGN - 1)};
    return block;
}

void *mk_new(size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!newest || newest->size - newest->used < size) {
        size_t least = size + sizeof(struct block) + ALIGN;
        newest = map_block(least > BLOCK_BYTES ? least : BLOCK_BYTES);
    }
    void *at = (unsigned char *)newest + newest->used;
    newest->used += size;
    return at;
}

void *mk_copy(const void *bytes, size_t size)
{
    return memcpy(mk_new(size), bytes, size);
}

void mk_arena_reset(void)
{
    while (newest) {
        struct block *block = newest;
        newest = block->older;
        (void)munmap(block, block->size);
    }
}
