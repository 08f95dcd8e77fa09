/*
 * From a thread or process id to an index of the owner's, with removal: ids come back.
 *
 * Open addressing with backward-shift deletion. Zero is a valid empty map; id 0 is no key.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_TID_MAP_H
#define PROFILER_ATTACH_TID_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PF_TID_NONE UINT32_MAX /* wider than an enumerator of ISO C may be */

struct pf_tid_slot {
    pid_t tid;
    uint32_t index;
};

struct pf_tid_map {
    struct pf_tid_slot *slots;
    uint32_t mask, count;
};

void pf_tid_map_fini(struct pf_tid_map *map);
uint32_t pf_tid_map_find(const struct pf_tid_map *map, pid_t tid); /* PF_TID_NONE: not there */
void pf_tid_map_put(struct pf_tid_map *map, pid_t tid, uint32_t index);
void pf_tid_map_remove(struct pf_tid_map *map, pid_t tid);

#endif
