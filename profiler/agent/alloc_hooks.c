/*
 * The exported allocation functions: call the next allocator, tell the tracker.
 *
 * Order matters: a block is entered after the allocator gave it and removed before it is given
 * back, so the table never holds a block that another thread may own already. strdup, getline and
 * their like reach these through the C library's own calls of malloc.
 *
 * Context: signal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/alloc_next.h"
#include "profiler/agent/alloc_track.h"
#include "profiler/agent/early_blocks.h"
#include "profiler/agent/regs_here.h"

#define AG_EXPORT __attribute__((visibility("default")))

/* The C library declares these with attributes and names of its own; what counts here is the ABI.
 */
AG_EXPORT void *malloc(size_t size);
AG_EXPORT void *calloc(size_t count, size_t size);
AG_EXPORT void *realloc(void *block, size_t size);
AG_EXPORT void *reallocarray(void *block, size_t count, size_t size);
AG_EXPORT void free(void *block);
AG_EXPORT void free_sized(void *block, size_t size);
AG_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size);
AG_EXPORT void *memalign(size_t alignment, size_t size);
AG_EXPORT void *aligned_alloc(size_t alignment, size_t size);
AG_EXPORT int posix_memalign(void **out, size_t alignment, size_t size);
AG_EXPORT void *valloc(size_t size);
AG_EXPORT void *pvalloc(size_t size);
AG_EXPORT size_t malloc_usable_size(void *block);

/* Inlined into every hook, so that the hook's frame is the one frame to leave out. */
static inline __attribute__((always_inline)) void began(void *block, size_t size)
{
    struct pf_region *region = ag_region_now();

    if (region && block) {
        struct pf_regs regs;
        ag_regs_here(&regs);
        ag_block_begin(region, block, size, &regs);
    } else if (atomic_load_explicit(&ag_agent.phase, memory_order_relaxed) == AG_BOOT) {
        ag_early_note(block, size);
    }
}

/* Blocks noted before another allocator took over still belong to glibc. */
static bool is_early(void *block, size_t *size)
{
    return ag_next.is_foreign && ag_early_owns(block, size);
}

static struct ag_entry ends(struct pf_region *region, void *block)
{
    if (region)
        return ag_block_end(region, block);
    if (atomic_load_explicit(&ag_agent.phase, memory_order_relaxed) == AG_BOOT)
        ag_early_forget(block);
    return (struct ag_entry){0};
}

void *malloc(size_t size)
{
    void *block = ag_next.malloc(ag_next_size(size));

    began(block, size);
    return block;
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    bool raise = !__builtin_mul_overflow(count, size, &total) && total < ag_next.least;
    void *block = raise ? ag_next.calloc(1, ag_next.least) : ag_next.calloc(count, size);

    began(block, total);
    return block;
}

void free(void *block)
{
    size_t size;

    if (!block)
        return;
    (void)ends(ag_region_now(), block);
    if (is_early(block, &size)) {
        ag_early_forget(block);
        __libc_free(block);
    } else {
        ag_next.free(block);
    }
}

void free_sized(void *block, size_t size)
{
    (void)size;
    free(block);
}

void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    free(block);
}

/* From glibc's block to one of the allocator that serves now. */
static void *move_early(void *block, size_t old_size, size_t size)
{
    void *moved = ag_next.malloc(ag_next_size(size));

    if (moved) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): an early block is not NULL */
        memcpy(moved, block, old_size < size ? old_size : size);
        ag_early_forget(block);
        __libc_free(block);
    }
    return moved;
}

static void *resize(void *block, size_t size)
{
    size_t old_size;

    if (is_early(block, &old_size))
        return move_early(block, old_size, size);
    return ag_next.realloc(block, block && size == 0 ? 0 : ag_next_size(size));
}

static inline __attribute__((always_inline)) void *reallocated(void *block, size_t size)
{
    struct pf_region *region = ag_region_now();
    struct ag_entry entry = block ? ends(region, block) : (struct ag_entry){0};
    void *moved = resize(block, size);

    if (moved)
        began(moved, size);
    else if (region && size != 0) /* size 0 frees */
        ag_block_restore(region, block, entry);
    return moved;
}

void *realloc(void *block, size_t size)
{
    return reallocated(block, size);
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocated(block, total);
}

void *memalign(size_t alignment, size_t size)
{
    void *block = ag_next.memalign(alignment, ag_next_size(size));

    began(block, size);
    return block;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = ag_next.aligned_alloc(alignment, ag_next_size(size));

    began(block, size);
    return block;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    int error = ag_next.posix_memalign(out, alignment, ag_next_size(size));

    if (error == 0)
        began(*out, size);
    return error;
}

void *valloc(size_t size)
{
    void *block = ag_next.valloc(ag_next_size(size));

    began(block, size);
    return block;
}

void *pvalloc(size_t size)
{
    void *block = ag_next.pvalloc(ag_next_size(size));

    began(block, size);
    return block;
}

size_t malloc_usable_size(void *block)
{
    size_t size;

    return block && is_early(block, &size) ? size : ag_next.usable_size(block);
}
