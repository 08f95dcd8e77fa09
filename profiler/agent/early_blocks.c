/* SPDX-License-Identifier: MIT */
#include "profiler/agent/early_blocks.h"

#include "profiler/trace/region_live.h"
#include "profiler/trace/region_stacks.h"

enum { EARLY_MAX = 1024 };

static struct {
    uintptr_t start;
    size_t size;
} noted[EARLY_MAX];
static uint32_t noted_count;
static uintptr_t lowest = UINTPTR_MAX, highest;

void ag_early_note(void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;

    if (!block || noted_count == EARLY_MAX)
        return;
    noted[noted_count].start = start;
    noted[noted_count].size = size;
    noted_count++;
    lowest = start < lowest ? start : lowest;
    highest = start > highest ? start : highest;
}

static bool find(const void *block, uint32_t *index)
{
    uintptr_t start = (uintptr_t)block;

    if (start < lowest || start > highest)
        return false;
    for (uint32_t i = 0; i < noted_count; i++)
        if (noted[i].start == start) {
            *index = i;
            return true;
        }
    return false;
}

void ag_early_forget(void *block)
{
    uint32_t index;

    if (find(block, &index))
        noted[index].start = 0;
}

bool ag_early_owns(const void *block, size_t *size)
{
    uint32_t index;

    if (!find(block, &index))
        return false;
    *size = noted[index].size;
    return true;
}

void ag_early_enter(struct pf_region *region)
{
    for (uint32_t i = 0; i < noted_count; i++) {
        struct pf_live_block block = {
            .start = noted[i].start, .size_bytes = noted[i].size, .stack = PF_STACK_EARLY};
        if (block.start)
            (void)pf_live_put(region, &block);
    }
}
