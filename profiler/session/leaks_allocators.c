/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_allocators.h"

#include <string.h>

#include "profiler/attach/proc_maps.h"
#include "profiler/session/leaks_blocks.h"
#include "profiler/session/leaks_glibc.h"
#include "profiler/session/leaks_jemalloc.h"
#include "profiler/session/leaks_memory.h"
#include "profiler/trace/region_modules.h"

enum {
    PAGE = 4096,
    MAPPED_CHUNK_HEAD = 16, /* glibc: before a block that has its pages to itself */
};

/* jemalloc keeps the addresses it once had: a page that held a block is its own for good. */
void pf_leaks_allocators_begin(struct pf_leaks_allocators *out, const struct pf_region *region)
{
    const struct pf_region_module *module;

    *out = (struct pf_leaks_allocators){0};
    for (uint32_t i = 0; i < atomic_load(&region->module_next) && !out->has_jemalloc; i++) {
        module = pf_module_view(region, i);
        out->has_jemalloc = module && strstr(module->path, "/libjemalloc");
    }
    if (out->has_jemalloc)
        pf_leaks_blocks_pages(&out->own, region);
}

void pf_leaks_allocators_fini(struct pf_leaks_allocators *allocators)
{
    pf_leaks_spans_fini(&allocators->own);
}

static bool read_words(const struct pf_leaks_memory *memory, uint64_t address, uint64_t *words,
                       size_t count)
{
    ssize_t size = (ssize_t)(count * sizeof *words);

    return pf_leaks_memory_read(memory, address, words, (size_t)size) == size;
}

/* Heaps of threads' arenas inside one anonymous mapping. */
static void find_heaps(struct pf_leaks_allocators *allocators, const struct pf_leaks_memory *memory,
                       const struct pf_proc_map *map)
{
    uint64_t words[PF_GLIBC_HEAP_INFO_WORDS];
    uint64_t align = PF_GLIBC_HEAP_ALIGN;
    uint64_t size;

    for (uint64_t at = (map->start + align - 1) / align * align; at + PAGE <= map->end; at += align)
        if (read_words(memory, at, words, PF_GLIBC_HEAP_INFO_WORDS)
            && pf_glibc_is_heap(at, words, &size))
            pf_leaks_spans_add(&allocators->own, at, at + size);
}

static void find_bases(struct pf_leaks_allocators *allocators, const struct pf_leaks_memory *memory,
                       const struct pf_proc_map *map)
{
    uint64_t words[PF_JEMALLOC_BASE_WORDS];
    uint64_t align = PF_JEMALLOC_BASE_ALIGN;
    uint64_t size;

    for (uint64_t at = (map->start + align - 1) / align * align; at + align <= map->end;
         at += align)
        if (read_words(memory, at, words, PF_JEMALLOC_BASE_WORDS)
            && pf_jemalloc_is_base(at, words, &size)) {
            pf_leaks_spans_add(&allocators->own, at, at + size);
            allocators->knows_jemalloc = true;
        }
}

void pf_leaks_allocators_learn(struct pf_leaks_allocators *allocators,
                               const struct pf_leaks_memory *memory, const struct pf_proc_map *map)
{
    static const char heap[] = "[heap]";

    if (map->path.size == sizeof heap - 1 && memcmp(map->path.at, heap, map->path.size) == 0)
        pf_leaks_spans_add(&allocators->own, map->start, map->end);
    if (map->inode != 0)
        return;
    find_heaps(allocators, memory, map);
    if (allocators->has_jemalloc)
        find_bases(allocators, memory, map);
}

/* A small block that shares its page with others, in no heap that is known. */
static bool is_strange(const struct pf_leaks_allocators *allocators,
                       const struct pf_leak_block *block)
{
    return !allocators->knows_jemalloc && block->size_bytes < PAGE
           && block->start % PAGE != MAPPED_CHUNK_HEAD;
}

/* Blocks outside of glibc's heaps have their pages to themselves (large blocks), or share them with
 * other blocks of another allocator. */
void pf_leaks_allocators_claim(struct pf_leaks_allocators *allocators,
                               const struct pf_leaks_blocks *blocks, struct pf_leaks_spans *out)
{
    pf_leaks_spans_normalize(&allocators->own);
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct pf_leak_block *block = &blocks->at[i];
        uint64_t start = block->start / PAGE * PAGE;
        uint64_t end = (block->start + block->size_bytes + PAGE - 1) / PAGE * PAGE;
        if (pf_leaks_spans_has(&allocators->own, block->start))
            continue;
        pf_leaks_spans_add(out, start, end);
        allocators->strange_blocks += is_strange(allocators, block);
    }
    for (size_t i = 0; i < allocators->own.count; i++)
        pf_leaks_spans_add(out, allocators->own.at[i].start, allocators->own.at[i].end);
}

void pf_leaks_allocators_lists(struct pf_leaks_allocators *allocators,
                               const struct pf_leak_range *range)
{
    pf_glibc_arena(range, &allocators->own);
    if (allocators->has_jemalloc)
        pf_jemalloc_caches(range, &allocators->own);
}
