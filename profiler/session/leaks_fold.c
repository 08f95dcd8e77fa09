/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/leak/leak_suppress.h"
#include "profiler/trace/region_modules.h"
#include "profiler/trace/region_stacks.h"

struct folder {
    struct pf_leaks *leaks;
    const struct pf_region *region;
    const struct pf_leaks_blocks *blocks;
    struct pf_leaks_parts *parts;
    struct pf_hash stacks; /* region's stack number -> profile's, via seen */
    struct seen {
        uint32_t number, profile_stack;
        bool is_truncated;
    } * seen;
    uint32_t seen_count, seen_capacity;
    struct pf_hash index; /* of parts */
    uint32_t first_part;
};

static uint32_t mapping_of(struct pf_profile *profile, const struct pf_region_module *module)
{
    char build_id[2 * PF_MODULE_BUILD_ID_MAX + 1] = "";

    for (uint32_t i = 0; i < module->build_id_size; i++)
        (void)snprintf(build_id + (size_t)2 * i, 3, "%02x", module->build_id[i]);
    struct pf_mapping mapping = {
        .start = module->code_start,
        .limit = module->code_end,
        .file_offset = module->code_file_offset,
        .file = pf_profile_string(profile, module->path),
        .build_id = pf_profile_string(profile, build_id),
    };
    return pf_profile_mapping(profile, &mapping);
}

/* All pcs are return addresses: the call is one byte before. */
static uint32_t enter_stack(struct folder *folder, uint32_t number, bool *is_truncated)
{
    struct pf_profile *profile = &folder->leaks->profile;
    uint32_t locations[PF_STACK_DEPTH_MAX];
    uint64_t pcs[PF_STACK_DEPTH_MAX];
    uint32_t flags;
    uint32_t count = pf_stack_read(folder->region, number, pcs, &flags);

    *is_truncated = (flags & PF_STACK_TRUNCATED) != 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct pf_region_module *module = pf_leaks_module_of(folder->region, pcs[i] - 1);
        locations[i] = pf_profile_location(profile, pcs[i] - 1,
                                           module ? mapping_of(profile, module) : PF_NONE);
    }
    return count > 0 ? pf_profile_stack(profile, locations, count) : PF_NONE;
}

static bool same_seen(const void *owner, uint32_t id, const void *sought)
{
    const struct folder *folder = owner;
    return folder->seen[id].number == *(const uint32_t *)sought;
}

static const struct seen *see(struct folder *folder, uint32_t number)
{
    uint64_t hash = pf_hash_u64(number);
    uint32_t id = pf_hash_find(&folder->stacks, hash, same_seen, folder, &number);

    if (id != (uint32_t)PF_HASH_NONE)
        return &folder->seen[id];
    if (folder->seen_count == folder->seen_capacity) {
        folder->seen_capacity = folder->seen_capacity ? folder->seen_capacity * 2 : 256;
        folder->seen = pf_mem_resize(folder->seen, folder->seen_capacity, sizeof *folder->seen);
    }
    id = folder->seen_count++;
    struct seen *seen = &folder->seen[id];
    seen->number = number;
    seen->profile_stack = enter_stack(folder, number, &seen->is_truncated);
    pf_hash_add(&folder->stacks, hash, id);
    return seen;
}

static bool same_part(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_leaks_part *part =
        &((const struct folder *)owner)->parts->at[((const struct folder *)owner)->first_part + id];
    const struct pf_leaks_part *wanted = sought;

    return part->record.kind == wanted->record.kind && part->record.stack == wanted->record.stack
           && part->leader_stack == wanted->leader_stack;
}

static struct pf_leaks_part *part_for(struct folder *folder, const struct pf_leaks_part *key)
{
    struct pf_leaks_parts *parts = folder->parts;
    uint64_t hash = pf_hash_u64(((uint64_t)key->record.stack << 32 | key->leader_stack)
                                ^ (uint64_t)key->record.kind << 61);
    uint32_t id = pf_hash_find(&folder->index, hash, same_part, folder, key);

    if (id != (uint32_t)PF_HASH_NONE)
        return &parts->at[folder->first_part + id];
    if (parts->count == parts->capacity) {
        parts->capacity = parts->capacity ? parts->capacity * 2 : 64;
        parts->at = pf_mem_resize(parts->at, parts->capacity, sizeof *parts->at);
    }
    parts->at[parts->count] = *key;
    pf_hash_add(&folder->index, hash, parts->count - folder->first_part);
    return &parts->at[parts->count++];
}

static void fold_block(struct folder *folder, const struct pf_leak_block *block, uint32_t now_ms)
{
    const struct pf_leak_block *leader = &folder->blocks->at[block->leader];
    struct pf_leaks_part key = {.record = {.kind = block->kind}, .leader_stack = PF_NONE};

    key.record.stack = see(folder, block->stack)->profile_stack;
    key.record.is_truncated = see(folder, block->stack)->is_truncated;
    if (block->kind == PF_LEAK_INDIRECT)
        key.leader_stack = see(folder, leader->stack)->profile_stack;

    struct pf_leak_record *record = &part_for(folder, &key)->record;
    uint64_t age_ms = now_ms > block->born_ms ? now_ms - block->born_ms : 0;
    record->bytes += block->size_bytes;
    record->blocks++;
    record->indirect_bytes += block->indirect_bytes;
    record->indirect_blocks += block->indirect_blocks;
    record->age_ms = age_ms > record->age_ms ? age_ms : record->age_ms;
}

void pf_leaks_fold(struct pf_leaks_parts *parts, struct pf_leaks *leaks,
                   const struct pf_leaks_blocks *blocks, const struct pf_region *region,
                   uint32_t now_ms)
{
    struct folder folder = {.leaks = leaks,
                            .region = region,
                            .blocks = blocks,
                            .parts = parts,
                            .first_part = parts->count};

    for (uint32_t i = 0; i < blocks->count; i++)
        if (blocks->at[i].stack != PF_STACK_INHERITED)
            fold_block(&folder, &blocks->at[i], now_ms);
    free(folder.seen);
    pf_hash_fini(&folder.stacks);
    pf_hash_fini(&folder.index);
}

static bool location_matches(const struct pf_profile *profile, uint32_t index,
                             const struct pf_leak_suppress *suppress)
{
    const struct pf_location *location = pf_profile_location_at(profile, index);
    const struct pf_line *lines = pf_profile_lines_view(profile, location);
    const char *object = NULL;

    if (location->mapping != PF_NONE)
        object = pf_profile_text(profile, pf_profile_mapping_at(profile, location->mapping)->file);
    for (uint32_t i = 0; i < location->line_count; i++) {
        const struct pf_function *function = pf_profile_function_at(profile, lines[i].function);
        if (pf_leak_suppress_matches(suppress, pf_profile_text(profile, function->name),
                                     pf_profile_text(profile, function->file), object))
            return true;
    }
    return pf_leak_suppress_matches(suppress, NULL, NULL, object);
}

static bool stack_matches(const struct pf_profile *profile, uint32_t stack,
                          const struct pf_leak_suppress *suppress)
{
    uint32_t count = 0;
    const uint32_t *locations;

    if (stack == PF_NONE || suppress->count == 0)
        return false;
    locations = pf_profile_stack_view(profile, stack, &count);
    for (uint32_t i = 0; i < count; i++)
        if (location_matches(profile, locations[i], suppress))
            return true;
    return false;
}

void pf_leaks_settle(struct pf_leaks *leaks, const struct pf_leaks_parts *parts,
                     const struct pf_leak_suppress *suppress)
{
    for (uint32_t i = 0; i < parts->count; i++) {
        struct pf_leak_record record = parts->at[i].record;
        record.is_suppressed =
            record.kind != PF_LEAK_REACHABLE
            && (stack_matches(&leaks->profile, record.stack, suppress)
                || stack_matches(&leaks->profile, parts->at[i].leader_stack, suppress));
        pf_leaks_add(leaks, &record);
    }
    pf_leaks_finish(leaks);
}

void pf_leaks_parts_fini(struct pf_leaks_parts *parts)
{
    free(parts->at);
    *parts = (struct pf_leaks_parts){0};
}
