/*
 * A program with a malloc of its own, which the C library then uses, too: no agent is ever asked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { POOL_BYTES = 1 << 20, ALIGN = 16 };

static _Alignas(ALIGN) char pool[POOL_BYTES];
static size_t used;

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void *malloc(size_t size);
EXPORTED void *calloc(size_t count, size_t size);
EXPORTED void *realloc(void *block, size_t size);
EXPORTED void free(void *block);

void *malloc(size_t size)
{
    size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN;

    if (rounded > sizeof pool - used)
        return NULL;
    used += rounded;
    return pool + used - rounded;
}

void *calloc(size_t count, size_t size)
{
    void *block = malloc(count * size);

    return block ? memset(block, 0, count * size) : NULL;
}

void *realloc(void *block, size_t size)
{
    void *moved = malloc(size);

    return moved && block ? memcpy(moved, block, size) : moved;
}

void free(void *block)
{
    (void)block;
}

int main(void)
{
    void *volatile block = malloc(99);

    return block == NULL;
}
