/* SPDX-License-Identifier: MIT */
#include "profiler/profile/merge.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/profile/frames.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary_add.h"

/* from's indices as into's, PF_NONE until entered. */
struct translation {
    struct pf_profile *into;
    const struct pf_profile *from;
    uint32_t *strings, *locations, *stacks, *label_sets;
    uint32_t columns[PF_PROFILE_VALUES_MAX]; /* into's column i is from's columns[i]; PF_NONE: 0 */
    bool is_pair;                            /* no labels, objects without their path */
};

static uint32_t *new_indices(uint32_t count)
{
    uint32_t *indices = pf_mem_new(count, sizeof *indices);

    if (count)
        memset(indices, 0xff, count * sizeof *indices);
    return indices;
}

static uint32_t move_string(struct translation *t, uint32_t index)
{
    if (index >= t->from->strings.count)
        return 0;
    if (t->strings[index] == PF_NONE) {
        const struct pf_string *string = (const struct pf_string *)t->from->strings.items + index;
        t->strings[index] = pf_profile_string_n(t->into, string->text, string->size);
    }
    return t->strings[index];
}

static uint32_t move_mapping(struct translation *t, uint32_t index)
{
    if (index == PF_NONE)
        return PF_NONE;
    struct pf_mapping mapping = *pf_profile_mapping_at(t->from, index);

    if (t->is_pair) {
        const char *file = pf_profile_text(t->from, mapping.file);
        struct pf_mapping named = {.file = pf_profile_string(t->into, pf_frame_base_name(file))};
        return pf_profile_mapping(t->into, &named);
    }
    mapping.file = move_string(t, mapping.file);
    mapping.build_id = move_string(t, mapping.build_id);
    return pf_profile_mapping(t->into, &mapping);
}

static uint32_t move_function(struct translation *t, uint32_t index)
{
    struct pf_function function = *pf_profile_function_at(t->from, index);

    function.name = move_string(t, function.name);
    function.system_name = move_string(t, function.system_name);
    function.file = move_string(t, function.file);
    return pf_profile_function(t->into, &function);
}

static uint32_t move_location(struct translation *t, uint32_t index)
{
    if (t->locations[index] != PF_NONE)
        return t->locations[index];

    struct pf_location location = *pf_profile_location_at(t->from, index);
    const struct pf_line *lines = pf_profile_lines_view(t->from, &location);
    struct pf_line *moved = pf_mem_new(location.line_count, sizeof *moved);

    location.mapping = move_mapping(t, location.mapping);
    for (uint32_t i = 0; i < location.line_count; i++)
        moved[i] = (struct pf_line){move_function(t, lines[i].function), lines[i].line};
    t->locations[index] = pf_profile_location_with_lines(t->into, &location, moved);
    free(moved);
    return t->locations[index];
}

static uint32_t move_stack(struct translation *t, uint32_t index)
{
    if (t->stacks[index] != PF_NONE)
        return t->stacks[index];

    uint32_t count = 0;
    const uint32_t *stack = pf_profile_stack_view(t->from, index, &count);
    uint32_t *moved = pf_mem_new(count, sizeof *moved);
    for (uint32_t i = 0; i < count; i++)
        moved[i] = move_location(t, stack[i]);
    t->stacks[index] = pf_profile_stack(t->into, moved, count);
    free(moved);
    return t->stacks[index];
}

static uint32_t move_labels(struct translation *t, uint32_t index)
{
    if (index == PF_NONE || t->label_sets[index] != PF_NONE)
        return index == PF_NONE ? PF_NONE : t->label_sets[index];

    uint32_t count = 0;
    const struct pf_label *labels = pf_profile_labels_view(t->from, index, &count);
    struct pf_label *moved = pf_mem_new(count, sizeof *moved);
    for (uint32_t i = 0; i < count; i++)
        moved[i] = (struct pf_label){.key = move_string(t, labels[i].key),
                                     .str = move_string(t, labels[i].str),
                                     .num = labels[i].num,
                                     .num_unit = move_string(t, labels[i].num_unit)};
    t->label_sets[index] = pf_profile_label_set(t->into, moved, count);
    free(moved);
    return t->label_sets[index];
}

static bool has_type(const struct pf_profile *a, uint32_t column, const struct pf_profile *b,
                     uint32_t other)
{
    const struct pf_value_type *x = &a->value_types[column], *y = &b->value_types[other];

    return strcmp(pf_profile_text(a, x->type), pf_profile_text(b, y->type)) == 0
           && strcmp(pf_profile_text(a, x->unit), pf_profile_text(b, y->unit)) == 0;
}

/* Drop into's column at: its values move together. */
static void drop_column(struct pf_profile *into, uint32_t at)
{
    uint32_t row = into->value_count;
    int64_t *to = into->values;

    for (size_t i = 0; i < (size_t)into->samples.count * row; i++)
        if (i % row != at)
            *to++ = into->values[i];
    for (uint32_t i = at; i + 1 < row; i++)
        into->value_types[i] = into->value_types[i + 1];
    into->value_count--;
    if (into->default_value > at || into->default_value == into->value_count)
        into->default_value -= into->default_value > 0;
}

static bool match_columns(struct translation *t, struct pf_err *err)
{
    struct pf_profile *into = t->into;
    uint32_t matches[PF_PROFILE_VALUES_MAX];
    uint32_t common = 0, count = into->value_count;

    for (uint32_t i = 0; i < count; i++) {
        matches[i] = PF_NONE;
        for (uint32_t j = 0; j < t->from->value_count; j++)
            if (has_type(into, i, t->from, j))
                matches[i] = j;
        common += matches[i] != PF_NONE;
    }
    if (common == 0)
        return pf_err_set(err, PF_ERR_USAGE, "measures %s, the others %s: they cannot be added up",
                          pf_profile_text(t->from, t->from->value_types[0].type),
                          pf_profile_text(into, into->value_types[0].type));
    for (uint32_t i = count; i-- > 0;)
        if (matches[i] == PF_NONE)
            drop_column(into, i);
    for (uint32_t i = 0, kept = 0; i < count; i++)
        if (matches[i] != PF_NONE)
            t->columns[kept++] = matches[i];
    return true;
}

static void add_sample(struct translation *t, uint32_t index)
{
    const struct pf_sample *sample = pf_profile_sample_at(t->from, index);
    const int64_t *row = pf_profile_values_view(t->from, index);
    int64_t values[PF_PROFILE_VALUES_MAX];

    for (uint32_t j = 0; j < t->into->value_count; j++)
        values[j] = t->columns[j] != PF_NONE ? row[t->columns[j]] : 0;
    (void)pf_profile_add(t->into, move_stack(t, sample->stack), move_labels(t, sample->labels),
                         values);
}

static void add_samples(struct translation *t)
{
    for (uint32_t i = 0; i < t->from->samples.count; i++)
        add_sample(t, i);
}

static void merge_summaries(struct pf_profile *into, const struct pf_profile *from)
{
    struct pf_summary *pair = pf_mem_new(2, sizeof *pair);
    bool has_into = pf_summary_load(&pair[0], into);

    if (pf_summary_load(&pair[1], from)) {
        if (has_into)
            pf_summary_add(&pair[0], &pair[1]);
        pf_summary_store(has_into ? &pair[0] : &pair[1], into);
    }
    free(pair);
}

/* A moment of waiting is no moment of CPU time, though both are counted as samples. */
static bool has_one_mode(const struct pf_profile *into, const struct pf_profile *from,
                         struct pf_err *err)
{
    struct pf_summary *pair = pf_mem_new(2, sizeof *pair);

    (void)pf_summary_load(&pair[0], into);
    (void)pf_summary_load(&pair[1], from);
    bool is_one = !pair[0].mode[0] || !pair[1].mode[0] || strcmp(pair[0].mode, pair[1].mode) == 0;
    if (!is_one)
        (void)pf_err_set(err, PF_ERR_USAGE,
                         "recorded with --mode %s, the others with --mode %s: they cannot be added "
                         "up",
                         pair[1].mode, pair[0].mode);
    free(pair);
    return is_one;
}

static bool has_comment(const struct pf_profile *profile, uint32_t string)
{
    const uint32_t *comments = profile->comments.items;

    for (uint32_t i = 0; i < profile->comments.count; i++)
        if (comments[i] == string)
            return true;
    return false;
}

static void merge_rest(struct translation *t)
{
    struct pf_profile *into = t->into;
    const struct pf_profile *from = t->from;
    const uint32_t *comments = from->comments.items;

    merge_summaries(into, from);
    for (uint32_t i = 0; i < from->comments.count; i++) {
        uint32_t string = move_string(t, comments[i]);
        if (strncmp(pf_profile_text(into, string), "assay.", 6) != 0 && !has_comment(into, string))
            pf_profile_comment(into, string);
    }
    into->duration_ns += from->duration_ns;
    if (from->time_ns && (!into->time_ns || from->time_ns < into->time_ns))
        into->time_ns = from->time_ns;
    if (into->period == 0) {
        into->period = from->period;
        into->period_type = (struct pf_value_type){move_string(t, from->period_type.type),
                                                   move_string(t, from->period_type.unit)};
    }
}

static void open_translation(struct translation *t)
{
    t->strings = new_indices(t->from->strings.count);
    t->locations = new_indices(t->from->locations.count);
    t->stacks = new_indices(t->from->stacks.count);
    t->label_sets = new_indices(t->from->label_sets.count);
}

static void close_translation(struct translation *t)
{
    free(t->strings);
    free(t->locations);
    free(t->stacks);
    free(t->label_sets);
}

bool pf_profile_merge(struct pf_profile *into, const struct pf_profile *from, struct pf_err *err)
{
    struct translation t = {.into = into, .from = from};

    if (!has_one_mode(into, from, err) || !match_columns(&t, err))
        return false;
    open_translation(&t);
    add_samples(&t);
    merge_rest(&t);
    close_translation(&t);
    if (into->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "together they hold more items than a profile may");
    return true;
}

void pf_profile_pick(struct pf_profile *out, const struct pf_profile *from, const uint32_t *samples,
                     uint32_t count)
{
    struct translation t = {.into = out, .from = from};

    for (uint32_t i = 0; i < from->value_count; i++) {
        const struct pf_value_type *type = &from->value_types[i];
        t.columns[i] = i;
        (void)pf_profile_add_value_type(out, pf_profile_text(from, type->type),
                                        pf_profile_text(from, type->unit));
    }
    out->default_value = from->default_value;
    open_translation(&t);
    for (uint32_t i = 0; i < count; i++)
        add_sample(&t, samples[i]);
    out->period = from->period;
    out->period_type = (struct pf_value_type){move_string(&t, from->period_type.type),
                                              move_string(&t, from->period_type.unit)};
    out->time_ns = from->time_ns;
    out->duration_ns = from->duration_ns;
    close_translation(&t);
}

static void add_side(struct pf_profile *out, const struct pf_profile *from, uint32_t column,
                     bool is_new)
{
    struct translation t = {.into = out, .from = from, .is_pair = true};

    t.columns[0] = is_new ? PF_NONE : column;
    t.columns[1] = is_new ? column : PF_NONE;
    open_translation(&t);
    add_samples(&t);
    close_translation(&t);
}

bool pf_profile_pair(struct pf_profile *out, const struct pf_profile *base,
                     const struct pf_profile *new, const char *type, struct pf_err *err)
{
    uint32_t base_column = 0, new_column = 0;

    if (!pf_paths_column(new, type, &new_column, err))
        return pf_err_prepend(err, "the new profile");
    if (!type)
        type = pf_profile_text(new, new->value_types[new_column].type);
    if (!pf_paths_column(base, type, &base_column, err))
        return pf_err_prepend(err, "the base profile");

    const char *unit = pf_profile_text(new, new->value_types[new_column].unit);
    (void)pf_profile_add_value_type(out, "base", unit);
    out->default_value = pf_profile_add_value_type(out, "new", unit);
    add_side(out, base, base_column, false);
    add_side(out, new, new_column, true);
    if (out->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "together they hold more items than a profile may");
    return true;
}
