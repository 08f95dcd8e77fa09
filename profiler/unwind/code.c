/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/code.h"

const struct pf_code *pf_code_find(const struct pf_code_map *map, uint64_t pc)
{
    const struct pf_code *first = map->at;
    size_t count = map->count;

    /* Afterwards first is behind the last range that starts at or below pc. */
    while (count > 0) {
        size_t half = count / 2;
        bool above = first[half].start <= pc;
        first = above ? first + half + 1 : first;
        count = above ? count - half - 1 : half;
    }
    if (first == map->at || pc >= first[-1].end)
        return NULL;
    return first - 1;
}
