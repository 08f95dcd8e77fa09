/*
 * A comparison for machines. Shape: docs/schemas/diff.json.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/report/diff_writers_priv.h"
#include "profiler/report/report.h"

static json_t *text(const char *from)
{
    char clean[8192];

    pf_utf8_clean(clean, sizeof clean, from, strlen(from));
    return json_string_nocheck(clean);
}

static json_t *side(const char *name, int64_t total, const struct pf_sample_count *samples)
{
    json_t *to = json_object();

    json_object_set_new(to, "name", text(name));
    json_object_set_new(to, "total", json_integer(total));
    json_object_set_new(to, "samples",
                        samples->is_exact ? json_null() : json_integer((json_int_t)samples->count));
    json_object_set_new(to, "samples_assumed", json_boolean(samples->is_assumed));
    return to;
}

static json_t *change_of(const struct pf_change *change)
{
    return json_pack("{s:f,s:f,s:f,s:f,s:b}", "base_percent", change->base, "new_percent",
                     change->now, "change_points", change->now - change->base, "margin_points",
                     change->margin, "noise", (int)change->is_noise);
}

static json_t *functions(const struct pf_diff *diff, uint32_t top)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < diff->comparison.count && (top == 0 || i < top); i++) {
        const struct pf_function_change *change = &diff->comparison.at[i];
        const struct pf_frame *frame = &diff->paths.frames.at[change->frame];
        json_t *row = json_object();
        json_object_set_new(row, "function", text(frame->name));
        json_object_set_new(row, "object", text(frame->object));
        json_object_set_new(row, "file", text(frame->file));
        json_object_set_new(row, "line", json_integer(frame->line));
        json_object_set_new(row, "self", change_of(&change->self));
        json_object_set_new(row, "total", change_of(&change->total));
        json_array_append_new(list, row);
    }
    return list;
}

static int put(const char *bytes, size_t size, void *sink)
{
    pf_sink_put(sink, bytes, size);
    return 0;
}

bool pf_diff_write_json(const struct pf_diff *diff, const struct pf_report_options *options,
                        struct pf_sink *sink, struct pf_err *err)
{
    const struct pf_sample_counts *samples = &diff->comparison.samples;
    json_t *root = json_object();

    json_object_set_new(root, "assay", json_integer(1));
    json_object_set_new(root, "value",
                        json_pack("{s:o,s:o}", "type", text(diff->type), "unit", text(diff->unit)));
    json_object_set_new(root, "base",
                        side(diff->base_name, diff->paths.base_total, &samples->base));
    json_object_set_new(root, "new", side(diff->new_name, diff->paths.total, &samples->now));
    json_object_set_new(root, "functions", functions(diff, options->top));
    int status = json_dump_callback(root, put, sink, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    pf_sink_put(sink, "\n", 1);
    json_decref(root);
    if (status != 0)
        return pf_err_set(err, PF_ERR_SYSTEM, "JSON: could not be written");
    return true;
}
