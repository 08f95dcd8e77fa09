/*
 * From a file's 64-bit ids to our indices.
 *
 * Files number their items from 1 in order, almost always: then an array answers. Other numberings
 * go through a hash table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_ID_MAP_H
#define PROFILER_REPORT_ID_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/hash.h"

struct pf_id_entry {
    uint64_t id;
    uint32_t index;
};

/* Zero is a valid empty map. */
struct pf_id_map {
    struct pf_id_entry *entries;
    uint32_t count, capacity;
    struct pf_hash others; /* entries not at entries[id - 1] */
};

void pf_id_map_fini(struct pf_id_map *map);

/* False if the id is there already. */
bool pf_id_map_add(struct pf_id_map *map, uint64_t id, uint32_t index);

/* False if it is not there. */
bool pf_id_map_find(const struct pf_id_map *map, uint64_t id, uint32_t *index);

#endif
