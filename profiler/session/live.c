/* SPDX-License-Identifier: MIT */
#include "profiler/session/live.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/profile/value.h"
#include "profiler/symbol/symbolize.h"

enum { LINES_MAX = 64 };

void pf_live_fini(struct pf_live *live)
{
    if (live->is_started)
        pf_profile_fini(&live->names);
    free(live->mapping_of);
    free(live->location_of);
    free(live->seen);
    *live = (struct pf_live){0};
}

void pf_live_view_fini(struct pf_live_view *view)
{
    free(view->rows);
    pf_frames_fini(&view->frames);
    *view = (struct pf_live_view){0};
}

static uint32_t copy_text(struct pf_live *live, const struct pf_profile *from, uint32_t string)
{
    return pf_profile_string(&live->names, pf_profile_text(from, string));
}

static void copy_mappings(struct pf_live *live, const struct pf_profile *from)
{
    live->mapping_of =
        pf_mem_resize(live->mapping_of, (size_t)from->mappings.count + 1, sizeof(uint32_t));
    for (uint32_t i = live->mapping_count; i < from->mappings.count; i++) {
        struct pf_mapping mapping = *pf_profile_mapping_at(from, i);
        mapping.file = copy_text(live, from, mapping.file);
        mapping.build_id = copy_text(live, from, mapping.build_id);
        live->mapping_of[i] = pf_profile_mapping(&live->names, &mapping);
    }
    live->mapping_count = from->mappings.count;
}

/* A location the recording itself has named ("[waiting: epoll_wait]"). */
static void copy_lines(struct pf_live *live, const struct pf_profile *from,
                       const struct pf_location *location, uint32_t to)
{
    const struct pf_line *lines = pf_profile_lines_view(from, location);
    struct pf_line own[LINES_MAX];
    uint32_t count = location->line_count < LINES_MAX ? location->line_count : LINES_MAX;

    for (uint32_t i = 0; i < count; i++) {
        struct pf_function function = *pf_profile_function_at(from, lines[i].function);
        function.name = copy_text(live, from, function.name);
        function.system_name = copy_text(live, from, function.system_name);
        function.file = copy_text(live, from, function.file);
        own[i] = (struct pf_line){pf_profile_function(&live->names, &function), lines[i].line};
    }
    pf_profile_set_lines(&live->names, to, own, count);
}

static uint32_t copy_location(struct pf_live *live, const struct pf_profile *from, uint32_t index)
{
    const struct pf_location *location = pf_profile_location_at(from, index);
    uint32_t mapping = location->mapping == PF_NONE ? PF_NONE : live->mapping_of[location->mapping];
    uint32_t own = PF_NONE;

    /* Names without an address must not be taken for one another: a place of its own each. */
    own = location->address || !location->line_count
              ? pf_profile_location(&live->names, location->address, mapping)
              : pf_profile_location(&live->names, UINT64_MAX - index, PF_NONE);
    if (own != PF_NONE && location->line_count)
        copy_lines(live, from, location, own);
    return own;
}

static void copy_locations(struct pf_live *live, const struct pf_profile *from)
{
    live->location_of =
        pf_mem_resize(live->location_of, (size_t)from->locations.count + 1, sizeof(uint32_t));
    for (uint32_t i = live->location_count; i < from->locations.count; i++)
        live->location_of[i] = copy_location(live, from, i);
    live->location_count = from->locations.count;
}

/* Process ids, which lead to perf maps. */
static void copy_labels(struct pf_live *live, const struct pf_profile *from)
{
    for (uint32_t set = live->label_set_count; set < from->label_sets.count; set++) {
        uint32_t count = 0;
        const struct pf_label *labels = pf_profile_labels_view(from, set, &count);
        for (uint32_t i = 0; i < count; i++) {
            struct pf_label label = {.num = labels[i].num};
            if (labels[i].str || strcmp(pf_profile_text(from, labels[i].key), "pid") != 0)
                continue;
            label.key = pf_profile_string(&live->names, "pid");
            (void)pf_profile_label_set(&live->names, &label, 1);
        }
    }
    live->label_set_count = from->label_sets.count;
}

/* Sums by frame, and in which stack a frame was last met: recursion counts once. */
struct sums {
    struct pf_live_row *rows; /* one a frame */
    uint32_t *met;
};

static void add_stack(const struct pf_live *live, const struct pf_frames *frames,
                      const struct pf_profile *from, uint32_t sample, struct sums *sums)
{
    uint32_t depth = 0;
    const uint32_t *stack =
        pf_profile_stack_view(from, pf_profile_sample_at(from, sample)->stack, &depth);
    int64_t value = pf_profile_values_view(from, sample)[from->default_value];
    int64_t change = value - live->seen[sample];
    bool is_leaf = true;

    for (uint32_t i = 0; i < depth; i++) {
        uint32_t count = 0;
        uint32_t location = live->location_of[stack[i]];
        const uint32_t *ids = location == PF_NONE ? NULL : pf_frames_view(frames, location, &count);
        for (uint32_t frame = 0; frame < count; frame++) {
            struct pf_live_row *row = &sums->rows[ids[frame]];
            if (is_leaf) {
                row->self = pf_value_add(row->self, change);
                row->all_self = pf_value_add(row->all_self, value);
            }
            is_leaf = false;
            if (sums->met[ids[frame]] == sample + 1)
                continue;
            sums->met[ids[frame]] = sample + 1;
            row->total = pf_value_add(row->total, change);
            row->all_total = pf_value_add(row->all_total, value);
        }
    }
}

static void add_samples(struct pf_live *live, const struct pf_profile *from,
                        struct pf_live_view *view, struct sums *sums)
{
    live->seen = pf_mem_resize(live->seen, (size_t)from->samples.count + 1, sizeof *live->seen);
    for (uint32_t i = live->seen_count; i < from->samples.count; i++)
        live->seen[i] = 0;
    live->seen_count = from->samples.count;
    for (uint32_t i = 0; i < from->samples.count; i++) {
        int64_t value = pf_profile_values_view(from, i)[from->default_value];
        view->value = pf_value_add(view->value, value - live->seen[i]);
        view->all_value = pf_value_add(view->all_value, value);
        add_stack(live, &view->frames, from, i, sums);
        live->seen[i] = value;
    }
}

static void keep_rows(struct pf_live_view *view, const struct sums *sums)
{
    for (uint32_t i = 0; i < view->frames.count; i++) {
        struct pf_live_row row = sums->rows[i];
        const struct pf_frame *frame = &view->frames.at[i];
        if (row.all_total == 0)
            continue;
        row.function = frame->name;
        row.object = frame->object;
        row.file = frame->file;
        row.line = frame->line;
        row.kind = frame->kind;
        view->rows[view->count++] = row;
    }
}

bool pf_live_look(struct pf_live *live, const struct pf_profile *so_far, struct pf_live_view *out,
                  struct pf_err *err)
{
    struct pf_symbolize options = {.pid = live->pid, .skip_debuginfod = true};
    struct pf_live_view view = {0};

    if (!live->is_started)
        pf_profile_init(&live->names);
    live->is_started = true;
    copy_mappings(live, so_far);
    copy_locations(live, so_far);
    copy_labels(live, so_far);
    if (!pf_symbolize(&live->names, &options, NULL, err))
        return false;

    pf_frames_init(&view.frames, &live->names);
    struct sums sums = {
        .rows = pf_mem_new((size_t)view.frames.count + 1, sizeof *sums.rows),
        .met = pf_mem_new((size_t)view.frames.count + 1, sizeof *sums.met),
    };
    view.rows = pf_mem_new((size_t)view.frames.count + 1, sizeof *view.rows);
    add_samples(live, so_far, &view, &sums);
    keep_rows(&view, &sums);
    free(sums.rows);
    free(sums.met);
    *out = view;
    return true;
}
