/*
 * libassay-allocs.so: counts allocations, and nothing else.
 *
 * Loaded only for tests that ask for it. Forwards to the next allocator in the search order, so
 * that a program with one of its own keeps it. Until that is known (dlsym allocates) requests are
 * served from a small block that is never given back.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { EARLY_BYTES = 64 * 1024 };

static uint64_t count;
static char early[EARLY_BYTES] __attribute__((aligned(16)));
static size_t early_used;
static int is_resolving;

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
} next;

EXPORT uint64_t assay_alloc_count(void);

EXPORT uint64_t assay_alloc_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

static void *early_alloc(size_t size)
{
    size_t at = (early_used + 15) & ~(size_t)15;

    if (size > EARLY_BYTES - at)
        return NULL;
    early_used = at + size;
    return early + at;
}

static int is_early(const void *block)
{
    return (const char *)block >= early && (const char *)block < early + EARLY_BYTES;
}

static void resolve(void)
{
    is_resolving = 1;
    *(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next.free = dlsym(RTLD_NEXT, "free");
    *(void **)&next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    *(void **)&next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
    is_resolving = 0;
}

/* True when the real allocator is to be used. */
static int enter(void)
{
    if (is_resolving)
        return 0;
    if (!next.malloc)
        resolve();
    __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
    return 1;
}

EXPORT void *malloc(size_t size)
{
    return enter() ? next.malloc(size) : early_alloc(size);
}

EXPORT void *calloc(size_t items, size_t size)
{
    return enter() ? next.calloc(items, size) : early_alloc(items * size);
}

EXPORT void *realloc(void *old, size_t size)
{
    if (!is_early(old))
        return enter() ? next.realloc(old, size) : early_alloc(size);
    void *block = malloc(size);
    size_t room = (size_t)(early + EARLY_BYTES - (char *)old);
    if (block)
        memcpy(block, old, size < room ? size : room);
    return block;
}

EXPORT void free(void *block)
{
    if (!block || is_early(block))
        return;
    if (!next.free)
        resolve();
    next.free(block);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return enter() ? next.aligned_alloc(alignment, size) : NULL;
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    return enter() ? next.posix_memalign(out, alignment, size) : 12;
}
