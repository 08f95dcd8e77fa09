/* SPDX-License-Identifier: MIT */
#include "profiler/agent/alloc_next.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);

enum {
    LEAST_FOREIGN = 32, /* jemalloc and tcmalloc have classes of 8 and 16 bytes */
};

static int libc_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;

    void *block = __libc_memalign(alignment, size);
    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}

/* The size word before every block of glibc; only until the real function is known. */
static size_t libc_usable_size(void *block)
{
    size_t size_word;

    if (!block)
        return 0;
    memcpy(&size_word, (char *)block - sizeof size_word, sizeof size_word);
    return (size_word & ~(size_t)7) - (size_word & 2 ? 16 : 8);
}

struct ag_next ag_next = {
    .malloc = __libc_malloc,
    .calloc = __libc_calloc,
    .realloc = __libc_realloc,
    .free = __libc_free,
    .memalign = __libc_memalign,
    .aligned_alloc = __libc_memalign,
    .posix_memalign = libc_posix_memalign,
    .valloc = __libc_valloc,
    .pvalloc = __libc_pvalloc,
    .usable_size = libc_usable_size,
};

/* POSIX hands functions out as object pointers; ISO C has no cast for it. */
static void look_up(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found)
        memcpy(function, &found, sizeof found);
}

void ag_next_resolve(void)
{
    struct ag_next next = ag_next;

    look_up(&next.malloc, "malloc");
    look_up(&next.calloc, "calloc");
    look_up(&next.realloc, "realloc");
    look_up(&next.free, "free");
    look_up(&next.memalign, "memalign");
    look_up(&next.aligned_alloc, "aligned_alloc");
    look_up(&next.posix_memalign, "posix_memalign");
    look_up(&next.valloc, "valloc");
    look_up(&next.pvalloc, "pvalloc");
    look_up(&next.usable_size, "malloc_usable_size");
    next.is_foreign = next.malloc != __libc_malloc;
    next.least = next.is_foreign ? LEAST_FOREIGN : 0;
    ag_next = next;
}
