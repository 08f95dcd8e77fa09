/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/unwind_cache.h"

#include <string.h>

#include "profiler/unwind/unwind_cache_priv.h"

struct pf_unwind_cache *pf_unwind_cache_view(void *memory)
{
    return memory;
}

void pf_unwind_cache_sync(struct pf_unwind_cache *cache, uint64_t generation)
{
    if (cache->generation == generation)
        return;
    cache->generation = generation;
    cache->past_first = cache->past_end = 0;
    memset(cache->rules, 0, sizeof cache->rules);
}
