/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_fold.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"

/* On x86-64 and aarch64 alike the kernel's half begins above every user address. */
static const uint64_t kernel_start = UINT64_C(0xffff000000000000);

/* Callchain words from here up are markers of context, not addresses (PERF_CONTEXT_MAX). */
static const uint64_t first_marker = (uint64_t)-4095;

enum { MAPPINGS_FIRST = 32 };

void pf_fold_init(struct pf_fold *fold, struct pf_profile *profile,
                  const struct pf_mapped_objects *objects)
{
    memset(fold, 0, sizeof *fold);
    fold->profile = profile;
    fold->objects = objects;
    fold->kernel_mapping = PF_NONE;
    fold->epoch = 1;
}

void pf_fold_fini(struct pf_fold *fold)
{
    free(fold->mappings);
    fold->mappings = NULL;
}

void pf_fold_forget(struct pf_fold *fold)
{
    fold->epoch++;
}

static uint32_t enter_mapping(struct pf_fold *fold, const struct pf_space_map *map)
{
    const struct pf_mapped_object *object = &fold->objects->at[map->object];
    struct pf_mapping mapping = {
        .start = map->start,
        .limit = map->end,
        .file_offset = map->file_offset,
        .file = pf_profile_string(fold->profile, object->path),
        .build_id = pf_profile_string(fold->profile, pf_mapped_object_build_id(object)),
    };
    return pf_profile_mapping(fold->profile, &mapping);
}

static const struct pf_fold_mapping *find_mapping(struct pf_fold *fold,
                                                  const struct pf_space_map *map)
{
    uint64_t size = map->end - map->start;

    for (uint32_t i = 0; i < fold->mapping_count; i++) {
        const struct pf_fold_mapping *known = &fold->mappings[i];
        bool is_private = fold->objects->at[map->object].private_to != 0;
        if (known->object == map->object && known->file_offset == map->file_offset
            && known->size == size && (!is_private || known->start == map->start))
            return known;
    }
    if (fold->mapping_count == fold->mapping_capacity) {
        fold->mapping_capacity =
            fold->mapping_capacity ? fold->mapping_capacity * 2 : MAPPINGS_FIRST;
        fold->mappings =
            pf_mem_resize(fold->mappings, fold->mapping_capacity, sizeof *fold->mappings);
    }
    struct pf_fold_mapping *entered = &fold->mappings[fold->mapping_count++];
    *entered = (struct pf_fold_mapping){.object = map->object,
                                        .mapping = enter_mapping(fold, map),
                                        .file_offset = map->file_offset,
                                        .start = map->start,
                                        .size = size};
    return entered;
}

static uint32_t locate(struct pf_fold *fold, const struct pf_space *space, uint64_t address)
{
    const struct pf_space_map *map = pf_space_find(space, address);

    if (!map)
        return pf_profile_location(fold->profile, address, PF_NONE);
    const struct pf_fold_mapping *known = find_mapping(fold, map);
    return pf_profile_location(fold->profile, address - map->start + known->start, known->mapping);
}

static uint32_t locate_cached(struct pf_fold *fold, const struct pf_space *space, uint64_t address)
{
    struct pf_fold_cached *slot =
        &fold->cache[pf_hash_u64(address ^ (uint64_t)(uintptr_t)space) % PF_FOLD_CACHE];

    if (slot->address != address || slot->space != space || slot->epoch != fold->epoch)
        *slot = (struct pf_fold_cached){address, space, locate(fold, space, address), fold->epoch};
    return slot->location;
}

static uint32_t locate_kernel(struct pf_fold *fold, uint64_t address)
{
    if (fold->kernel_mapping == PF_NONE) {
        struct pf_mapping mapping = {.start = kernel_start,
                                     .limit = UINT64_MAX,
                                     .file = pf_profile_string(fold->profile, "[kernel]")};
        fold->kernel_mapping = pf_profile_mapping(fold->profile, &mapping);
    }
    return pf_profile_location(fold->profile, address, fold->kernel_mapping);
}

static uint32_t put_kernel(struct pf_fold *fold, const struct pf_fold_frames *frames,
                           uint32_t count)
{
    bool is_leaf = true;
    uint32_t end = count + PF_FOLD_KERNEL_MAX;

    for (uint32_t i = 0; i < frames->kernel_count && count < end; i++) {
        if (frames->kernel[i] >= first_marker)
            continue;
        fold->stack[count++] = locate_kernel(fold, frames->kernel[i] - !is_leaf);
        is_leaf = false;
    }
    return count;
}

/*
 * A caller's pc is a return address: its call lies before it. Not so where a signal interrupted,
 * and in the trampoline the handler returns to, which nobody called.
 */
static bool is_exact(const struct pf_trail *trail, uint32_t i)
{
    return i == 0 || (i < 64 && (trail->signals >> i & 1))
           || (i + 1 < 64 && (trail->signals >> (i + 1) & 1));
}

uint32_t pf_fold_stack(struct pf_fold *fold, const struct pf_fold_frames *frames)
{
    const struct pf_trail *trail = frames->trail;
    uint32_t count = 0;

    if (frames->leaf != PF_NONE)
        fold->stack[count++] = frames->leaf;
    count = put_kernel(fold, frames, count);
    for (uint32_t i = 0; trail && i < trail->count && i < PF_FOLD_DEPTH_MAX; i++)
        fold->stack[count++] =
            locate_cached(fold, frames->space, trail->pcs[i] - !is_exact(trail, i));
    return pf_profile_stack(fold->profile, fold->stack, count);
}

uint32_t pf_fold_on_top(struct pf_fold *fold, uint32_t leaf, uint32_t stack)
{
    uint32_t count = 0;

    fold->stack[0] = leaf;
    if (stack != PF_NONE) {
        const uint32_t *frames = pf_profile_stack_view(fold->profile, stack, &count);
        memcpy(fold->stack + 1, frames, count * sizeof *frames);
    }
    return pf_profile_stack(fold->profile, fold->stack, count + 1);
}

uint32_t pf_fold_named(struct pf_fold *fold, const char *name)
{
    uint32_t text = pf_profile_string(fold->profile, name);
    struct pf_function function = {.name = text, .system_name = text};

    return pf_profile_named_location(fold->profile, pf_profile_function(fold->profile, &function),
                                     0);
}
