/* SPDX-License-Identifier: MIT */
#include "profiler/agent/code_memory.h"

#include <sys/mman.h>

#include "profiler/trace/region.h"

enum { ALIGN = 64 };
static const size_t reserve_bytes = (size_t)256 << 20;

static uint8_t *memory;
static size_t used;

static void reserve(void)
{
    void *at = mmap(NULL, reserve_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return;
    (void)madvise(at, reserve_bytes, MADV_DONTDUMP);
    memory = at;
}

void *ag_code_memory_free(size_t *room)
{
    if (!memory)
        reserve();
    *room = memory ? reserve_bytes - used : 0;
    return memory ? memory + used : NULL;
}

void ag_code_memory_use(size_t size)
{
    used += (size + ALIGN - 1) / ALIGN * ALIGN;
    if (used > reserve_bytes)
        used = reserve_bytes;
}

void ag_code_memory_tell(struct pf_region *region)
{
    if (!memory)
        return;
    atomic_store(&region->own_start, (uint64_t)(uintptr_t)memory);
    atomic_store(&region->own_end, (uint64_t)(uintptr_t)memory + reserve_bytes);
}
