/* SPDX-License-Identifier: MIT */
#include "profiler/report/id_map.h"

#include <stdlib.h>

#include "profiler/base/arena.h"

void pf_id_map_fini(struct pf_id_map *map)
{
    free(map->entries);
    pf_hash_fini(&map->others);
    *map = (struct pf_id_map){0};
}

static bool same_id(const void *owner, uint32_t at, const void *sought)
{
    const struct pf_id_map *map = owner;

    return map->entries[at].id == *(const uint64_t *)sought;
}

bool pf_id_map_find(const struct pf_id_map *map, uint64_t id, uint32_t *index)
{
    uint32_t at = PF_HASH_NONE;

    if (id - 1 < map->count && map->entries[id - 1].id == id)
        at = (uint32_t)(id - 1);
    else
        at = pf_hash_find(&map->others, pf_hash_u64(id), same_id, map, &id);
    if (at == PF_HASH_NONE)
        return false;
    *index = map->entries[at].index;
    return true;
}

bool pf_id_map_add(struct pf_id_map *map, uint64_t id, uint32_t index)
{
    uint32_t known = 0;

    if (pf_id_map_find(map, id, &known) || map->count == PF_HASH_NONE)
        return false;
    if (map->count == map->capacity) {
        map->capacity = map->capacity ? map->capacity * 2 : 64;
        map->entries = pf_mem_resize(map->entries, map->capacity, sizeof *map->entries);
    }
    map->entries[map->count] = (struct pf_id_entry){id, index};
    if (id != (uint64_t)map->count + 1)
        pf_hash_add(&map->others, pf_hash_u64(id), map->count);
    map->count++;
    return true;
}
