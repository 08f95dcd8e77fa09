/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_image.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/attach/proc_maps.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/base/arena.h"
#include "profiler/leak/leaks.h"
#include "profiler/session/leaks_allocators.h"
#include "profiler/session/leaks_glibc.h"
#include "profiler/session/leaks_kernel.h"
#include "profiler/trace/region_modules.h"

enum { PAGE = 4096, HEAP_GAP = 64 << 10 };

struct taker {
    struct pf_leaks_image *image;
    struct pf_region *region;
    struct pf_leaks_memory memory;
    struct pf_buf maps;
    struct pf_leaks_spans excluded; /* normalized before it is asked */
    struct pf_leaks_allocators allocators;
    struct pf_leaks_copies copies; /* root candidates, before dead stacks are taken away */
    uint64_t *control_blocks;
};

void pf_leaks_image_fini(struct pf_leaks_image *image)
{
    pf_leaks_blocks_fini(&image->blocks);
    pf_leaks_copies_fini(&image->heap);
    pf_leaks_copies_fini(&image->roots);
    pf_leaks_threads_fini(&image->threads);
    free(image->code);
    *image = (struct pf_leaks_image){0};
}

static bool path_is(const struct pf_proc_map *map, const char *text)
{
    return map->path.size == strlen(text) && memcmp(map->path.at, text, map->path.size) == 0;
}

static bool path_has(const struct pf_proc_map *map, const char *text)
{
    return map->path.size > 0 && memmem(map->path.at, map->path.size, text, strlen(text));
}

/* Ours, or nothing a pointer can be in. */
static bool is_no_root(const struct pf_proc_map *map)
{
    return !(map->permissions & PF_MAP_READ) || path_has(map, "memfd:assay-agent")
           || path_has(map, "libassay-agent.so") || path_has(map, "memfd:assay-lane")
           || path_is(map, "[vvar]") || path_is(map, "[vdso]") || path_is(map, "[vsyscall]");
}

static bool is_private_writable(const struct pf_proc_map *map)
{
    uint32_t wanted = PF_MAP_READ | PF_MAP_WRITE;
    return (map->permissions & (wanted | PF_MAP_SHARED)) == wanted;
}

/* The part of a mapping below a live thread's stack pointer. */
static void exclude_below_sp(struct taker *taker, const struct pf_proc_map *map)
{
    const struct pf_leaks_threads *threads = &taker->image->threads;

    for (uint32_t i = 0; i < threads->count; i++)
        if (threads->at[i].live_from >= map->start && threads->at[i].live_from < map->end)
            pf_leaks_spans_add(&taker->excluded, map->start, threads->at[i].live_from);
}

static void add_code(struct pf_leaks_image *image, const struct pf_proc_map *map)
{
    if (image->code_count == image->code_capacity) {
        image->code_capacity = image->code_capacity ? image->code_capacity * 2 : 64;
        image->code = pf_mem_resize(image->code, image->code_capacity, sizeof *image->code);
    }
    image->code[image->code_count++] =
        (struct pf_leak_range){.start = map->start, .size = map->end - map->start};
}

typedef void (*each_map)(struct taker *taker, const struct pf_proc_map *map);

static void for_each_map(struct taker *taker, each_map each)
{
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&taker->maps));
    struct pf_bytes line;
    struct pf_proc_map map;

    while (pf_cursor_line(&cursor, &line))
        if (pf_proc_map_parse(&map, line))
            each(taker, &map);
}

static void learn_map(struct taker *taker, const struct pf_proc_map *map)
{
    if (map->permissions & PF_MAP_EXEC)
        add_code(taker->image, map);
    if (!is_private_writable(map))
        return;
    exclude_below_sp(taker, map);
    pf_leaks_allocators_learn(&taker->allocators, &taker->memory, map);
}

static void copy_roots_of(struct taker *taker, const struct pf_proc_map *map)
{
    struct pf_leaks_spans left = {0};
    bool is_shared = map->permissions & PF_MAP_SHARED;
    bool is_writable = map->permissions & PF_MAP_WRITE;

    if (is_no_root(map) || (!is_writable && is_shared))
        return;
    size_t before = taker->copies.count;
    pf_leaks_spans_outside(&taker->excluded, map->start, map->end, &left);
    for (size_t i = 0; i < left.count; i++)
        pf_leaks_memory_runs(&taker->memory, left.at[i].start, left.at[i].end, !is_shared,
                             &taker->copies);
    pf_leaks_spans_fini(&left);

    for (size_t i = before; i < taker->copies.count && is_private_writable(map); i++) {
        if (map->inode == 0)
            pf_glibc_dead_stacks(&taker->copies.at[i], map->start, taker->control_blocks,
                                 taker->image->threads.count, &taker->allocators.own);
        pf_leaks_allocators_lists(&taker->allocators, &taker->copies.at[i]);
    }
}

/* The copies without what turned out to be dead, as views; the copies keep the memory. */
static void publish_roots(struct taker *taker)
{
    struct pf_leaks_copies *roots = &taker->image->roots;
    struct pf_leaks_spans left = {0};

    pf_leaks_spans_normalize(&taker->allocators.own);
    *roots = taker->copies;
    taker->copies = (struct pf_leaks_copies){0};
    for (size_t i = 0; i < roots->count; i++) {
        struct pf_leak_range *range = &roots->at[i];
        uint64_t at = range->start;
        left.count = 0;
        pf_leaks_spans_outside(&taker->allocators.own, range->start, range->start + range->size,
                               &left);
        for (size_t n = 0; n <= left.count; n++) { /* zero the gaps before, between and after */
            uint64_t end = n < left.count ? left.at[n].start : range->start + range->size;
            memset((uint8_t *)(uintptr_t)range->bytes + (at - range->start), 0, end - at);
            at = n < left.count ? left.at[n].end : end;
        }
    }
    pf_leaks_spans_fini(&left);
}

/* Contents of blocks: neighbours are copied together. */
static void copy_heap(struct taker *taker)
{
    const struct pf_leaks_blocks *blocks = &taker->image->blocks;

    for (uint32_t i = 0; i < blocks->count;) {
        uint64_t start = blocks->at[i].start;
        uint64_t end = start + blocks->at[i].size_bytes;
        for (i++; i < blocks->count && blocks->at[i].start <= end + HEAP_GAP; i++) {
            uint64_t next = blocks->at[i].start + blocks->at[i].size_bytes;
            end = next > end ? next : end;
        }
        if (end > start)
            pf_leaks_memory_whole(&taker->memory, start, end, &taker->image->heap);
    }
}

/* A thread's vector of dynamic TLS blocks is known to its control block by its third word, not its
 * start (INSTALL_DTV keeps dtv + 1): without this every thread seems to lose one block. */
static void add_thread_vectors(struct taker *taker)
{
    struct pf_leaks_threads *threads = &taker->image->threads;
    uint64_t vector;

    for (uint32_t i = 0; i < threads->count; i++)
        if (pf_leaks_memory_read(&taker->memory, threads->at[i].control_block + 8, &vector,
                                 sizeof vector)
            == (ssize_t)sizeof vector)
            pf_leaks_threads_word(threads, vector - 16);
}

/* Our own memory in the server: the agent's data with what follows it in no file, and what it keeps
 * elsewhere. */
static void exclude_ours(struct taker *taker)
{
    const struct pf_region_module *module;

    pf_leaks_spans_add(&taker->excluded, atomic_load(&taker->region->own_start),
                       atomic_load(&taker->region->own_end));
    for (uint32_t i = 0; i < atomic_load(&taker->region->module_next); i++) {
        module = pf_module_view(taker->region, i);
        if (module && strstr(module->path, "libassay-agent"))
            pf_leaks_spans_add(&taker->excluded, module->start / PAGE * PAGE,
                               (module->end + PAGE - 1) / PAGE * PAGE);
    }
}

static void take_all(struct taker *taker)
{
    struct pf_leaks_threads *threads = &taker->image->threads;

    taker->control_blocks = pf_mem_new(threads->count + 1u, sizeof(uint64_t));
    for (uint32_t i = 0; i < threads->count; i++)
        taker->control_blocks[i] = threads->at[i].control_block;
    for_each_map(taker, learn_map);
    exclude_ours(taker);
    pf_leaks_allocators_claim(&taker->allocators, &taker->image->blocks, &taker->excluded);
    pf_leaks_spans_normalize(&taker->excluded);
    for_each_map(taker, copy_roots_of);
    copy_heap(taker);
    add_thread_vectors(taker);
    publish_roots(taker);
}

bool pf_leaks_image_take(struct pf_leaks_image *out, const struct pf_leaks_held *held,
                         struct pf_leaks_threads *threads, struct pf_err *err)
{
    struct pf_leaks_image image = {0};
    struct pf_region *region = (struct pf_region *)(uintptr_t)held->region;
    struct taker taker = {.image = &image, .region = region};
    pid_t through = pf_proc_living_thread(held->pid);

    if (!pf_proc_maps_read(&taker.maps, through, err))
        return false;
    image.threads = *threads;
    *threads = (struct pf_leaks_threads){0};
    pf_leaks_memory_open(&taker.memory, through, held->memory_fd);
    pf_leaks_kernel_words(&image.threads, through);
    pf_leaks_blocks_read(&image.blocks, region);
    pf_leaks_spans_add(&taker.excluded, atomic_load(&region->own_start),
                       atomic_load(&region->own_end));
    pf_leaks_allocators_begin(&taker.allocators, region);
    take_all(&taker);
    image.doubts.strange_blocks = taker.allocators.strange_blocks;
    image.doubts.unread_bytes = image.heap.unreadable_bytes + image.roots.unreadable_bytes;
    *out = image;

    pf_leaks_memory_close(&taker.memory);
    pf_leaks_spans_fini(&taker.excluded);
    pf_leaks_allocators_fini(&taker.allocators);
    free(taker.control_blocks);
    pf_buf_fini(&taker.maps);
    return true;
}

void pf_leaks_doubts_say(const struct pf_leaks_doubts *doubts, struct pf_leaks *leaks)
{
    if (doubts->unread_bytes)
        pf_leaks_say(leaks, "%llu bytes of memory could not be read: kinds may be wrong.",
                     (unsigned long long)doubts->unread_bytes);
    if (doubts->strange_blocks)
        pf_leaks_say(leaks,
                     "%llu blocks are of an allocator whose caches are not known (glibc's and "
                     "jemalloc 5.3's are): what it keeps of them may hide leaks.",
                     (unsigned long long)doubts->strange_blocks);
}

void pf_leaks_image_judge(struct pf_leaks_image *image)
{
    struct pf_leak_graph graph = {
        .blocks = image->blocks.at,
        .block_count = image->blocks.count,
        .heap = image->heap.at,
        .heap_count = image->heap.count,
        .roots = image->roots.at,
        .root_count = image->roots.count,
        .root_words = image->threads.words,
        .root_word_count = image->threads.word_count,
        .code = image->code,
        .code_count = image->code_count,
    };

    pf_leak_judge(&graph);
}
