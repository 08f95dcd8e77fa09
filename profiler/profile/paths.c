/* SPDX-License-Identifier: MIT */
#include "profiler/profile/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"

enum { PATH_GROUP_BYTES = 256 };

/* A label's text or number, by any of the keys profilers use for it. */
static const struct pf_label *find_label(const struct pf_profile *profile, uint32_t set,
                                         const char *const *keys, bool is_text)
{
    uint32_t count = 0;
    const struct pf_label *labels = pf_profile_labels_view(profile, set, &count);

    for (; *keys; keys++)
        for (uint32_t i = 0; i < count; i++)
            if ((labels[i].str != 0) == is_text
                && strcmp(pf_profile_text(profile, labels[i].key), *keys) == 0)
                return &labels[i];
    return NULL;
}

/* "nginx 1234", "worker thread 7": a root frame's name; false without such labels. */
static bool format_group(const struct pf_profile *profile, uint32_t set, enum pf_paths_group group,
                         char *out, size_t size)
{
    static const char *const process_names[] = {"process", "command", "comm", NULL};
    static const char *const thread_names[] = {"thread", "thread_name", "thread name", NULL};
    static const char *const process_ids[] = {"pid", "process_id", NULL};
    static const char *const thread_ids[] = {"tid", "thread_id", NULL};
    bool is_process = group == PF_GROUP_PROCESS;

    const struct pf_label *name =
        find_label(profile, set, is_process ? process_names : thread_names, true);
    const struct pf_label *id =
        find_label(profile, set, is_process ? process_ids : thread_ids, false);
    const char *text = name ? pf_profile_text(profile, name->str) : is_process ? "pid" : "thread";

    if (!name && !id)
        return false;
    if (id)
        (void)snprintf(out, size, "%s %" PRId64, text, id->num);
    else
        (void)snprintf(out, size, "%s", text);
    return true;
}

/* The group frames of every label set, found once. */
struct group_table {
    uint32_t *frame_of_set; /* PF_NONE: no such label */
    uint32_t set_count;
};

static void find_groups(struct group_table *table, struct pf_frames *frames,
                        const struct pf_profile *profile, enum pf_paths_group group)
{
    char name[PATH_GROUP_BYTES];

    table->set_count = profile->label_sets.count;
    table->frame_of_set = pf_mem_new(table->set_count, sizeof *table->frame_of_set);
    for (uint32_t i = 0; i < table->set_count; i++)
        table->frame_of_set[i] = format_group(profile, i, group, name, sizeof name)
                                     ? pf_frames_group(frames, name)
                                     : PF_NONE;
}

static uint32_t group_frame(const struct group_table *table, uint32_t set)
{
    return table->frame_of_set && set < table->set_count ? table->frame_of_set[set] : PF_NONE;
}

/* Room for every sample's path: two group frames, and its locations' frames. */
static size_t count_ids(const struct pf_paths *paths, const struct pf_profile *profile)
{
    size_t total = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++) {
        uint32_t count = 0;
        const uint32_t *stack =
            pf_profile_stack_view(profile, pf_profile_sample_at(profile, i)->stack, &count);
        for (uint32_t j = 0; j < count; j++)
            total += paths->frames.of_location[stack[j] + 1] - paths->frames.of_location[stack[j]];
        total += 2;
    }
    return total;
}

static uint32_t *put_group(uint32_t *to, const struct group_table *table, uint32_t set)
{
    uint32_t frame = group_frame(table, set);

    if (frame != PF_NONE)
        *to++ = frame;
    return to;
}

static uint32_t *put_stack(const struct pf_frames *frames, uint32_t *to, const uint32_t *stack,
                           uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        const uint32_t *ids = frames->ids;
        uint32_t first = frames->of_location[stack[i]];
        for (uint32_t at = frames->of_location[stack[i] + 1]; at-- > first;)
            *to++ = ids[at];
    }
    return to;
}

static void add_path(struct pf_paths *paths, const struct pf_path *path)
{
    paths->at[paths->count++] = *path;
    if (path->count > paths->depth)
        paths->depth = path->count;
    paths->total = pf_value_add(paths->total, path->value);
    paths->base_total = pf_value_add(paths->base_total, path->base);
}

static void build(struct pf_paths *paths, const struct pf_profile *profile,
                  const struct pf_paths_spec *spec, const struct group_table tables[2])
{
    uint32_t *to = paths->ids;

    for (uint32_t i = 0; i < profile->samples.count; i++) {
        const struct pf_sample *sample = pf_profile_sample_at(profile, i);
        const int64_t *values = pf_profile_values_view(profile, i);
        struct pf_path path = {.at = (size_t)(to - paths->ids), .value = values[spec->column]};
        uint32_t count = 0;
        const uint32_t *stack = pf_profile_stack_view(profile, sample->stack, &count);

        if (spec->has_base)
            path.base = values[spec->base_column];
        if (path.value == 0 && path.base == 0)
            continue;
        to = put_group(to, &tables[0], sample->labels);
        to = put_group(to, &tables[1], sample->labels);
        to = put_stack(&paths->frames, to, stack, count);
        path.count = (uint32_t)((size_t)(to - paths->ids) - path.at);
        add_path(paths, &path);
    }
}

void pf_paths_init(struct pf_paths *paths, const struct pf_profile *profile,
                   const struct pf_paths_spec *spec)
{
    struct group_table tables[2] = {{0}};

    *paths = (struct pf_paths){0};
    pf_frames_init(&paths->frames, profile);
    if (spec->groups & PF_GROUP_PROCESS)
        find_groups(&tables[0], &paths->frames, profile, PF_GROUP_PROCESS);
    if (spec->groups & PF_GROUP_THREAD)
        find_groups(&tables[1], &paths->frames, profile, PF_GROUP_THREAD);
    paths->at = pf_mem_new(profile->samples.count, sizeof *paths->at);
    paths->ids = pf_mem_new(count_ids(paths, profile), sizeof *paths->ids);
    build(paths, profile, spec, tables);
    free(tables[0].frame_of_set);
    free(tables[1].frame_of_set);
}

void pf_paths_fini(struct pf_paths *paths)
{
    pf_frames_fini(&paths->frames);
    free(paths->at);
    free(paths->ids);
    *paths = (struct pf_paths){0};
}

bool pf_paths_column(const struct pf_profile *profile, const char *type, uint32_t *column,
                     struct pf_err *err)
{
    char list[256] = "";

    if (profile->value_count == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "the profile has no values");
    if (!type) {
        *column = profile->default_value;
        return true;
    }
    for (uint32_t i = 0; i < profile->value_count; i++) {
        const char *name = pf_profile_text(profile, profile->value_types[i].type);
        if (strcmp(name, type) == 0) {
            *column = i;
            return true;
        }
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name);
    }
    return pf_err_set(err, PF_ERR_USAGE, "the profile has no values of type '%s'; it has: %s", type,
                      list);
}
