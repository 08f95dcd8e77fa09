/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/base/arena.h"
#include "profiler/trace/region_live.h"
#include "profiler/trace/region_modules.h"
#include "profiler/trace/region_stacks.h"

enum {
    PAGE = 4096,
    PAGE_SLOTS = PAGE / 16,
    LEAF_PAGES = PF_LIVE_LEAF_BYTES / PAGE,
    BLOCKS_MAX = 1 << 28,
};

struct leaf {
    uint64_t base;
    uint32_t number;
};

struct reader {
    const struct pf_region *region;
    struct pf_leaks_blocks *out;
    uint32_t capacity;
};

const struct pf_region_module *pf_leaks_module_of(const struct pf_region *region, uint64_t pc)
{
    for (uint32_t i = atomic_load(&region->module_next); i-- > 0;) {
        const struct pf_region_module *module = pf_module_view(region, i);
        if (module && pc >= module->code_start && pc < module->code_end)
            return module;
    }
    return NULL;
}

/* What the loader allocates for itself is never lost to the server (LeakSanitizer's rule, too). */
static bool is_loaders(const struct pf_region *region, uint32_t stack)
{
    uint64_t pcs[PF_STACK_DEPTH_MAX];
    uint32_t flags;
    uint32_t count = pf_stack_read(region, stack, pcs, &flags);
    const struct pf_region_module *module =
        count > 0 ? pf_leaks_module_of(region, pcs[0] - 1) : NULL;

    return module && strstr(module->path, "/ld-linux");
}

static void take_block(struct reader *reader, const struct pf_live_block *block)
{
    struct pf_leaks_blocks *out = reader->out;

    if (out->count == BLOCKS_MAX)
        return;
    if (out->count == reader->capacity) {
        reader->capacity = reader->capacity ? reader->capacity * 2 : 4096;
        out->at = pf_mem_resize(out->at, reader->capacity, sizeof *out->at);
    }
    out->at[out->count++] = (struct pf_leak_block){
        .start = block->start,
        .size_bytes = block->size_bytes,
        .stack = block->stack,
        .born_ms = block->born_ms,
        .is_root = block->stack == PF_STACK_EARLY || block->stack == PF_STACK_INHERITED
                   || is_loaders(reader->region, block->stack),
    };
}

typedef void (*each_page)(void *to, const struct pf_live_slot *slots, const struct leaf *leaf,
                          uint32_t first);

/* Only pages that exist are looked at: reading a hole of shared memory would fill it. */
static void for_each_page(const struct pf_region *region, const struct leaf *leaf, each_page each,
                          void *to)
{
    struct pf_live_slot *slots = pf_live_leaf_slots(region, leaf->number);
    unsigned char resident[LEAF_PAGES];

    if (mincore(slots, PF_LIVE_LEAF_BYTES, resident) != 0)
        memset(resident, 1, sizeof resident);
    for (uint32_t page = 0; page < LEAF_PAGES; page++)
        if (resident[page] & 1)
            each(to, slots, leaf, page * PAGE_SLOTS);
}

static void read_page(void *to, const struct pf_live_slot *slots, const struct leaf *leaf,
                      uint32_t first)
{
    struct pf_live_block block;

    for (uint32_t i = first; i < first + PAGE_SLOTS; i++)
        if (pf_live_slot_read(&block, &slots[i], leaf->base, i))
            take_block(to, &block);
}

/* A page of the table stands for two of the server's. */
static void note_page(void *to, const struct pf_live_slot *slots, const struct leaf *leaf,
                      uint32_t first)
{
    struct pf_leaks_spans *pages = to;

    for (uint32_t i = first; i < first + PAGE_SLOTS; i++) {
        uint64_t page = (leaf->base + ((uint64_t)i << PF_LIVE_SLOT_SHIFT)) / PAGE * PAGE;
        bool is_known = pages->count > 0 && pages->at[pages->count - 1].end == page + PAGE;
        if (!is_known && pf_live_slot_was_used(&slots[i]))
            pf_leaks_spans_add(pages, page, page + PAGE);
    }
}

static int by_base(const void *a, const void *b)
{
    const struct leaf *left = a;
    const struct leaf *right = b;

    return left->base < right->base ? -1 : left->base > right->base;
}

static void for_each_leaf(const struct pf_region *region, each_page each, void *to)
{
    uint32_t end = pf_live_leaf_end(region);
    struct leaf *leaves = pf_mem_new(end + 1u, sizeof *leaves);
    uint32_t count = 0;

    for (uint32_t number = 1; number < end; number++)
        if (pf_live_leaf_base(region, number, &leaves[count].base))
            leaves[count++].number = number;
    qsort(leaves, count, sizeof *leaves, by_base);
    for (uint32_t i = 0; i < count; i++)
        for_each_page(region, &leaves[i], each, to);
    free(leaves);
}

void pf_leaks_blocks_read(struct pf_leaks_blocks *out, const struct pf_region *region)
{
    struct reader reader = {.region = region, .out = out};

    *out = (struct pf_leaks_blocks){0};
    for_each_leaf(region, read_page, &reader);
}

void pf_leaks_blocks_pages(struct pf_leaks_spans *out, const struct pf_region *region)
{
    for_each_leaf(region, note_page, out);
}

void pf_leaks_blocks_fini(struct pf_leaks_blocks *blocks)
{
    free(blocks->at);
    *blocks = (struct pf_leaks_blocks){0};
}
