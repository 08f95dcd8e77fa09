/* SPDX-License-Identifier: MIT */
#include "profiler/profile/profile.h"

#include <assert.h>
#include <stdlib.h>

#include "profiler/profile/table_priv.h"

void pf_profile_init(struct pf_profile *profile)
{
    *profile = (struct pf_profile){0};
    (void)pf_profile_string_n(profile, "", 0); /* index 0, by the format's rule */
}

static void fini_tables(struct pf_profile *profile)
{
    struct pf_table *const tables[] = {
        &profile->strings, &profile->mappings,        &profile->functions,  &profile->locations,
        &profile->lines,   &profile->stacks,          &profile->label_sets, &profile->labels,
        &profile->samples, &profile->stack_locations, &profile->comments,
    };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        pf_table_fini(tables[i]);
}

void pf_profile_fini(struct pf_profile *profile)
{
    fini_tables(profile);
    free(profile->values);
    pf_arena_fini(&profile->arena);
    *profile = (struct pf_profile){0};
}

void pf_profile_move(struct pf_profile *to, struct pf_profile *from)
{
    pf_profile_fini(to);
    *to = *from;
    *from = (struct pf_profile){0};
}

void pf_profile_comment(struct pf_profile *profile, uint32_t string)
{
    if (string == PF_NONE
        || pf_table_push(&profile->comments, sizeof string, &string, 1, PF_PROFILE_ITEMS_MAX)
               == PF_NONE)
        profile->is_full = true;
}

uint32_t pf_profile_add_value_type(struct pf_profile *profile, const char *type, const char *unit)
{
    /* Columns are fixed once there are rows. */
    assert(profile->samples.count == 0);
    if (profile->value_count == PF_PROFILE_VALUES_MAX) {
        profile->is_full = true;
        return PF_NONE;
    }
    profile->value_types[profile->value_count] = (struct pf_value_type){
        .type = pf_profile_string(profile, type), .unit = pf_profile_string(profile, unit)};
    return profile->value_count++;
}

/* A zeroed profile (never initialised, or moved from) has no strings, not even "". */
const char *pf_profile_text(const struct pf_profile *profile, uint32_t string)
{
    const struct pf_string *strings = profile->strings.items;

    return string < profile->strings.count ? strings[string].text : "";
}

const struct pf_mapping *pf_profile_mapping_at(const struct pf_profile *profile, uint32_t index)
{
    assert(index < profile->mappings.count);
    return (const struct pf_mapping *)profile->mappings.items + index;
}

const struct pf_function *pf_profile_function_at(const struct pf_profile *profile, uint32_t index)
{
    assert(index < profile->functions.count);
    return (const struct pf_function *)profile->functions.items + index;
}

const struct pf_location *pf_profile_location_at(const struct pf_profile *profile, uint32_t index)
{
    assert(index < profile->locations.count);
    return (const struct pf_location *)profile->locations.items + index;
}

const struct pf_line *pf_profile_lines_view(const struct pf_profile *profile,
                                            const struct pf_location *location)
{
    const struct pf_line *lines = profile->lines.items;

    return lines ? lines + location->lines_at : NULL;
}

const uint32_t *pf_profile_stack_view(const struct pf_profile *profile, uint32_t stack,
                                      uint32_t *count)
{
    assert(stack < profile->stacks.count);
    const struct pf_span *span = (const struct pf_span *)profile->stacks.items + stack;
    const uint32_t *locations = profile->stack_locations.items;

    *count = span->count;
    return locations ? locations + span->at : NULL;
}

const struct pf_label *pf_profile_labels_view(const struct pf_profile *profile, uint32_t label_set,
                                              uint32_t *count)
{
    *count = 0;
    if (label_set == PF_NONE)
        return NULL;
    assert(label_set < profile->label_sets.count);
    const struct pf_span *span = (const struct pf_span *)profile->label_sets.items + label_set;
    const struct pf_label *labels = profile->labels.items;

    *count = span->count;
    return labels ? labels + span->at : NULL;
}

const struct pf_sample *pf_profile_sample_at(const struct pf_profile *profile, uint32_t index)
{
    assert(index < profile->samples.count);
    return (const struct pf_sample *)profile->samples.items + index;
}

const int64_t *pf_profile_values_view(const struct pf_profile *profile, uint32_t sample)
{
    assert(sample < profile->samples.count);
    return profile->values + (size_t)sample * profile->value_count;
}
