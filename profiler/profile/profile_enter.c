/*
 * Entering items into a profile's tables: each is found if it is there, else appended.
 *
 * Every key is hashed from its content; a location is found under two keys, see enter_location.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <string.h>

#include "profiler/profile/profile.h"
#include "profiler/profile/table_priv.h"
#include "profiler/profile/value.h"

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return pf_hash_u64(hash * 31 + word);
}

/* Append one item and enter it into the table's index. */
static uint32_t enter(struct pf_profile *profile, struct pf_table *table, size_t item_size,
                      const void *item, uint64_t hash)
{
    uint32_t id = pf_table_push(table, item_size, item, 1, PF_PROFILE_ITEMS_MAX);

    if (id == PF_NONE)
        profile->is_full = true;
    else
        pf_hash_add(&table->index, hash, id);
    return id;
}

static bool same_string(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_profile *profile = owner;
    const struct pf_string *a = (const struct pf_string *)profile->strings.items + id;
    const struct pf_string *b = sought;

    return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

uint32_t pf_profile_string_n(struct pf_profile *profile, const char *text, size_t size)
{
    if (size >= UINT32_MAX) {
        profile->is_full = true;
        return PF_NONE;
    }
    struct pf_string string = {text, (uint32_t)size};
    uint64_t hash = pf_hash_bytes(text, size);
    uint32_t id = pf_hash_find(&profile->strings.index, hash, same_string, profile, &string);
    if (id != PF_HASH_NONE)
        return id;

    string.text = pf_arena_text(&profile->arena, text, size);
    return enter(profile, &profile->strings, sizeof string, &string, hash);
}

uint32_t pf_profile_string(struct pf_profile *profile, const char *text)
{
    return pf_profile_string_n(profile, text, strlen(text));
}

static bool same_mapping(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_mapping *a = pf_profile_mapping_at(owner, id);
    const struct pf_mapping *b = sought;

    return a->start == b->start && a->limit == b->limit && a->file_offset == b->file_offset
           && a->file == b->file && a->build_id == b->build_id
           && a->has_functions == b->has_functions && a->has_files == b->has_files
           && a->has_lines == b->has_lines && a->has_inlines == b->has_inlines;
}

uint32_t pf_profile_mapping(struct pf_profile *profile, const struct pf_mapping *mapping)
{
    uint64_t hash = mix(mix(mapping->start, mapping->limit), mapping->file_offset);
    hash = mix(mix(hash, mapping->file), mapping->build_id);

    uint32_t id = pf_hash_find(&profile->mappings.index, hash, same_mapping, profile, mapping);
    if (id != PF_HASH_NONE)
        return id;
    return enter(profile, &profile->mappings, sizeof *mapping, mapping, hash);
}

static bool same_function(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_function *a = pf_profile_function_at(owner, id);
    const struct pf_function *b = sought;

    return a->name == b->name && a->system_name == b->system_name && a->file == b->file
           && a->start_line == b->start_line;
}

uint32_t pf_profile_function(struct pf_profile *profile, const struct pf_function *function)
{
    uint64_t hash = mix(mix(function->name, function->system_name), function->file);
    hash = mix(hash, (uint64_t)function->start_line);

    uint32_t id = pf_hash_find(&profile->functions.index, hash, same_function, profile, function);
    if (id != PF_HASH_NONE)
        return id;
    return enter(profile, &profile->functions, sizeof *function, function, hash);
}

/* What a location is sought by; lines NULL: any will do. */
struct location_key {
    uint64_t address;
    uint32_t mapping;
    bool is_folded;
    const struct pf_line *lines;
    uint32_t line_count;
};

static bool same_location(const void *owner, uint32_t id, const void *sought)
{
    const struct location_key *key = sought;
    const struct pf_location *location = pf_profile_location_at(owner, id);

    if (location->address != key->address || location->mapping != key->mapping)
        return false;
    if (!key->lines)
        return true;
    return location->line_count == key->line_count && location->is_folded == key->is_folded
           && (key->line_count == 0
               || memcmp(pf_profile_lines_view(owner, location), key->lines,
                         key->line_count * sizeof *key->lines)
                      == 0);
}

static uint64_t place_hash(const struct location_key *key)
{
    return mix(mix(1, key->address), key->mapping);
}

static uint64_t whole_hash(const struct location_key *key)
{
    uint64_t hash = mix(place_hash(key), 2 + (uint64_t)key->is_folded);

    for (uint32_t i = 0; i < key->line_count; i++)
        hash = mix(mix(hash, key->lines[i].function), key->lines[i].line);
    return hash;
}

static uint32_t append_location(struct pf_profile *profile, const struct location_key *key,
                                uint64_t hash)
{
    struct pf_location location = {
        .address = key->address, .mapping = key->mapping, .is_folded = key->is_folded};
    uint32_t id = enter(profile, &profile->locations, sizeof location, &location, hash);

    if (id != PF_NONE && key->line_count)
        pf_profile_set_lines(profile, id, key->lines, key->line_count);
    return id;
}

uint32_t pf_profile_location(struct pf_profile *profile, uint64_t address, uint32_t mapping)
{
    struct location_key key = {.address = address, .mapping = mapping};
    uint64_t hash = place_hash(&key);

    uint32_t id = pf_hash_find(&profile->locations.index, hash, same_location, profile, &key);
    if (id != PF_HASH_NONE)
        return id;
    return append_location(profile, &key, hash);
}

/*
 * The first location at an address is entered under its place, too, so that one read from a file is
 * found again by address alone. The others of that address, and names without address, are found
 * only as a whole: no chain grows with their number.
 */
uint32_t pf_profile_location_with_lines(struct pf_profile *profile,
                                        const struct pf_location *location,
                                        const struct pf_line *lines)
{
    static const struct pf_line none;
    struct location_key key = {.address = location->address,
                               .mapping = location->mapping,
                               .is_folded = location->is_folded,
                               .lines = location->line_count ? lines : &none,
                               .line_count = location->line_count};
    uint64_t hash = whole_hash(&key);
    struct pf_hash *index = &profile->locations.index;

    uint32_t id = pf_hash_find(index, hash, same_location, profile, &key);
    if (id != PF_HASH_NONE)
        return id;
    id = append_location(profile, &key, hash);

    struct location_key place = {.address = key.address, .mapping = key.mapping};
    if (id != PF_NONE && key.address != 0
        && pf_hash_find(index, place_hash(&place), same_location, profile, &place) == PF_HASH_NONE)
        pf_hash_add(index, place_hash(&place), id);
    return id;
}

uint32_t pf_profile_named_location(struct pf_profile *profile, uint32_t function, uint32_t line)
{
    struct pf_location location = {.mapping = PF_NONE, .line_count = 1};
    struct pf_line lines[] = {{function, line}};

    return pf_profile_location_with_lines(profile, &location, lines);
}

void pf_profile_set_lines(struct pf_profile *profile, uint32_t location,
                          const struct pf_line *lines, uint32_t count)
{
    assert(location < profile->locations.count);
    uint32_t at = pf_table_push(&profile->lines, sizeof *lines, lines, count, PF_PROFILE_ITEMS_MAX);
    struct pf_location *to = (struct pf_location *)profile->locations.items + location;

    if (at == PF_NONE) {
        profile->is_full = true;
        return;
    }
    to->lines_at = at;
    to->line_count = count;
}

/* Spans: runs of another table, equal by what they hold. */

struct span_key {
    const void *items;
    uint32_t count;
};

static bool same_stack(const void *owner, uint32_t id, const void *sought)
{
    const struct span_key *key = sought;
    uint32_t count = 0;
    const uint32_t *locations = pf_profile_stack_view(owner, id, &count);

    return count == key->count
           && (count == 0 || memcmp(locations, key->items, count * sizeof *locations) == 0);
}

void pf_profile_stack_announce(const struct pf_profile *profile, const uint32_t *locations,
                               uint32_t count)
{
    pf_hash_announce(&profile->stacks.index, pf_hash_bytes(locations, count * sizeof *locations));
}

uint32_t pf_profile_stack(struct pf_profile *profile, const uint32_t *locations, uint32_t count)
{
    struct span_key key = {locations, count};
    uint64_t hash = pf_hash_bytes(locations, count * sizeof *locations);
    uint32_t id = pf_hash_find(&profile->stacks.index, hash, same_stack, profile, &key);
    if (id != PF_HASH_NONE)
        return id;

    struct pf_span span = {.count = count};
    span.at = pf_table_push(&profile->stack_locations, sizeof *locations, locations, count,
                            PF_PROFILE_ITEMS_MAX);
    if (span.at == PF_NONE) {
        profile->is_full = true;
        return PF_NONE;
    }
    return enter(profile, &profile->stacks, sizeof span, &span, hash);
}

static bool is_same_label(const struct pf_label *a, const struct pf_label *b)
{
    return a->key == b->key && a->str == b->str && a->num == b->num && a->num_unit == b->num_unit;
}

static bool same_label_set(const void *owner, uint32_t id, const void *sought)
{
    const struct span_key *key = sought;
    const struct pf_label *b = key->items;
    uint32_t count = 0;
    const struct pf_label *a = pf_profile_labels_view(owner, id, &count);

    if (count != key->count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_same_label(&a[i], &b[i]))
            return false;
    return true;
}

uint32_t pf_profile_label_set(struct pf_profile *profile, const struct pf_label *labels,
                              uint32_t count)
{
    if (count == 0)
        return PF_NONE;

    struct span_key key = {labels, count};
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++) {
        hash = mix(mix(hash, labels[i].key), labels[i].str);
        hash = mix(mix(hash, (uint64_t)labels[i].num), labels[i].num_unit);
    }
    uint32_t id = pf_hash_find(&profile->label_sets.index, hash, same_label_set, profile, &key);
    if (id != PF_HASH_NONE)
        return id;

    struct pf_span span = {.count = count};
    span.at = pf_table_push(&profile->labels, sizeof *labels, labels, count, PF_PROFILE_ITEMS_MAX);
    if (span.at == PF_NONE) {
        profile->is_full = true;
        return PF_NONE;
    }
    return enter(profile, &profile->label_sets, sizeof span, &span, hash);
}

static bool same_sample(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_sample *a = pf_profile_sample_at(owner, id);
    const struct pf_sample *b = sought;

    return a->stack == b->stack && a->labels == b->labels;
}

/* Stacks are mostly numbered as their samples come: eight in a row share a line of the processor's
 * cache in the index, whose position is the hash's upper half. */
static uint64_t sample_hash(const struct pf_sample *sample)
{
    const uint64_t row = 7ULL << 32;

    return (mix(sample->stack >> 3, sample->labels) & ~row) | ((uint64_t)sample->stack << 32 & row);
}

/* Rows of values follow the samples' capacity. */
static uint32_t append_sample(struct pf_profile *profile, const struct pf_sample *sample,
                              uint64_t hash)
{
    uint32_t had = profile->samples.capacity;
    uint32_t id = enter(profile, &profile->samples, sizeof *sample, sample, hash);

    if (id != PF_NONE && profile->samples.capacity != had)
        profile->values =
            pf_mem_resize(profile->values, (size_t)profile->samples.capacity * profile->value_count,
                          sizeof *profile->values);
    if (id != PF_NONE && profile->value_count)
        memset(profile->values + (size_t)id * profile->value_count, 0,
               profile->value_count * sizeof *profile->values);
    return id;
}

uint32_t pf_profile_add(struct pf_profile *profile, uint32_t stack, uint32_t labels,
                        const int64_t *values)
{
    if (stack == PF_NONE)
        return PF_NONE;

    struct pf_sample sample = {stack, labels};
    uint64_t hash = sample_hash(&sample);
    uint32_t id = pf_hash_find(&profile->samples.index, hash, same_sample, profile, &sample);
    if (id == PF_HASH_NONE)
        id = append_sample(profile, &sample, hash);
    if (id == PF_NONE)
        return PF_NONE;

    int64_t *row = profile->values + (size_t)id * profile->value_count;
    for (uint32_t i = 0; i < profile->value_count; i++)
        row[i] = pf_value_add(row[i], values[i]);
    return id;
}
