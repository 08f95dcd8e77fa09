/* SPDX-License-Identifier: MIT */
#include "profiler/attach/tid_map.h"

#include <stdlib.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"

enum { SLOTS_FIRST = 64 };

void pf_tid_map_fini(struct pf_tid_map *map)
{
    free(map->slots);
    *map = (struct pf_tid_map){0};
}

static uint32_t home_of(const struct pf_tid_map *map, pid_t tid)
{
    return (uint32_t)pf_hash_u64((uint64_t)tid) & map->mask;
}

/* The slot that holds tid, or the empty one where it belongs. */
static uint32_t seek(const struct pf_tid_map *map, pid_t tid)
{
    uint32_t at = home_of(map, tid);

    while (map->slots[at].tid && map->slots[at].tid != tid)
        at = (at + 1) & map->mask;
    return at;
}

uint32_t pf_tid_map_find(const struct pf_tid_map *map, pid_t tid)
{
    if (!map->slots || tid <= 0)
        return PF_TID_NONE;
    const struct pf_tid_slot *slot = &map->slots[seek(map, tid)];
    return slot->tid ? slot->index : PF_TID_NONE;
}

static void grow(struct pf_tid_map *map)
{
    struct pf_tid_map larger = {.mask = map->slots ? map->mask * 2 + 1 : SLOTS_FIRST - 1};

    larger.slots = pf_mem_new(larger.mask + 1, sizeof *larger.slots);
    larger.count = map->count;
    for (uint32_t i = 0; map->slots && i <= map->mask; i++)
        if (map->slots[i].tid)
            larger.slots[seek(&larger, map->slots[i].tid)] = map->slots[i];
    free(map->slots);
    *map = larger;
}

void pf_tid_map_put(struct pf_tid_map *map, pid_t tid, uint32_t index)
{
    if (tid <= 0)
        return;
    if (!map->slots || map->count * 4 >= (map->mask + 1) * 3)
        grow(map);
    struct pf_tid_slot *slot = &map->slots[seek(map, tid)];
    map->count += slot->tid == 0;
    *slot = (struct pf_tid_slot){tid, index};
}

void pf_tid_map_remove(struct pf_tid_map *map, pid_t tid)
{
    if (pf_tid_map_find(map, tid) == PF_TID_NONE)
        return;

    uint32_t hole = seek(map, tid);
    map->slots[hole].tid = 0;
    map->count--;
    /* Move up what a search would no longer reach across the hole. */
    for (uint32_t at = (hole + 1) & map->mask; map->slots[at].tid; at = (at + 1) & map->mask) {
        uint32_t home = home_of(map, map->slots[at].tid);
        if (((at - home) & map->mask) < ((at - hole) & map->mask))
            continue;
        map->slots[hole] = map->slots[at];
        map->slots[at].tid = 0;
        hole = at;
    }
}
