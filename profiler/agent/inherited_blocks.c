/* SPDX-License-Identifier: MIT */
#include "profiler/agent/inherited_blocks.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/agent/agent.h"
#include "profiler/trace/region_live.h"
#include "profiler/trace/region_stacks.h"

enum {
    PAGE = 4096,
    PAGE_SLOTS = PAGE / 16,
    LEAF_PAGES = PF_LIVE_LEAF_BYTES / PAGE,
    PAGES_MAX = 16384, /* 64 MiB of table, about 128 MiB of heap: some 20 ms to copy */
};

struct copied_page {
    uint64_t base; /* first address its slots stand for */
    struct pf_live_slot slots[PAGE_SLOTS];
};

/* One fork at a time: other threads' forks wait for the loader's atfork lock. */
static struct copied_page *copies;
static uint32_t copy_count;
static bool is_too_much;

void ag_inherited_discard(void)
{
    if (copies)
        (void)munmap(copies, PAGES_MAX * sizeof *copies);
    copies = NULL;
    copy_count = 0;
    is_too_much = false;
}

struct leaf {
    struct pf_live_slot *slots;
    uint64_t base;
    unsigned char resident[LEAF_PAGES]; /* bit 0: the page is there; untouched ones hold no block */
};

static bool look_at_leaf(struct leaf *out, const struct pf_region *region, uint32_t leaf)
{
    if (!pf_live_leaf_base(region, leaf, &out->base))
        return false;
    out->slots = pf_live_leaf_slots(region, leaf);
    if (mincore(out->slots, PF_LIVE_LEAF_BYTES, out->resident) != 0)
        memset(out->resident, 1, sizeof out->resident);
    return true;
}

static void copy_leaf(const struct pf_region *region, uint32_t number)
{
    struct leaf leaf;

    if (!look_at_leaf(&leaf, region, number))
        return;
    for (uint32_t page = 0; page < LEAF_PAGES; page++) {
        if (!(leaf.resident[page] & 1))
            continue;
        if (copy_count == PAGES_MAX) {
            is_too_much = true;
            return;
        }
        copies[copy_count].base = leaf.base + ((uint64_t)page * PAGE_SLOTS << PF_LIVE_SLOT_SHIFT);
        memcpy(copies[copy_count].slots, leaf.slots + (size_t)page * PAGE_SLOTS, PAGE);
        copy_count++;
    }
}

void ag_inherited_prepare(void)
{
    const struct pf_region *region = ag_region_now();
    int kept_errno = errno;

    if (!region)
        return;
    copies = mmap(NULL, PAGES_MAX * sizeof *copies, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (copies == MAP_FAILED) {
        copies = NULL;
        is_too_much = true;
    }
    uint32_t end = pf_live_leaf_end(region);
    for (uint32_t leaf = 1; leaf < end && !is_too_much; leaf++)
        copy_leaf(region, leaf);
    errno = kept_errno;
}

bool ag_inherited_enter(struct pf_region *region)
{
    struct pf_live_block block;

    if (is_too_much)
        return false;
    for (uint32_t i = 0; i < copy_count; i++)
        for (uint32_t slot = 0; slot < PAGE_SLOTS; slot++)
            if (pf_live_slot_read(&block, &copies[i].slots[slot], copies[i].base, slot)) {
                block.stack = PF_STACK_INHERITED;
                (void)pf_live_put(region, &block);
            }
    return true;
}

/* Only the stack's number of a slot changes; no block begins or ends by it. A block that its owner
 * frees just now stays freed: the exchange fails. */
static void adopt_slot(struct pf_live_slot *slot)
{
    uint64_t what = atomic_load_explicit(&slot->what, memory_order_relaxed);
    uint64_t size = what & ((1ull << PF_LIVE_SIZE_BITS) - 1);
    uint64_t adopted = size | (uint64_t)PF_STACK_INHERITED << PF_LIVE_SIZE_BITS;

    if (what != 0)
        (void)atomic_compare_exchange_strong(&slot->what, &what, adopted);
}

static void adopt_leaf(const struct pf_region *region, uint32_t number)
{
    struct leaf leaf;

    if (!look_at_leaf(&leaf, region, number))
        return;
    for (uint32_t page = 0; page < LEAF_PAGES; page++)
        for (uint32_t slot = 0; (leaf.resident[page] & 1) && slot < PAGE_SLOTS; slot++)
            adopt_slot(&leaf.slots[(size_t)page * PAGE_SLOTS + slot]);
}

void ag_inherited_adopt(struct pf_region *region)
{
    uint32_t end = pf_live_leaf_end(region);

    for (uint32_t leaf = 1; leaf < end; leaf++)
        adopt_leaf(region, leaf);
}
