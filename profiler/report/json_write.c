/*
 * A profile's summary and functions for machines. Shape: docs/schemas/report.json.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/totals.h"
#include "profiler/report/quality.h"
#include "profiler/report/selection.h"
#include "profiler/report/writers_priv.h"

enum { JSON_TEXT_BYTES = 8192 };

/* jansson takes valid UTF-8 only. */
static json_t *text(const char *from)
{
    char clean[JSON_TEXT_BYTES];

    pf_utf8_clean(clean, sizeof clean, from, strlen(from));
    return json_string_nocheck(clean);
}

static json_t *count(uint64_t value)
{
    return json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX);
}

/* RFC 3339 in UTC; null when it is not known. */
static json_t *started(uint64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm parts;
    char out[64];

    if (time_ns == 0 || !gmtime_r(&seconds, &parts)
        || strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return json_null();
    return json_string(out);
}

static json_t *processes(const struct pf_summary *summary)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < summary->process_count; i++) {
        const struct pf_summary_process *row = &summary->processes[i];
        json_array_append_new(list, json_pack("{s:i,s:o,s:o}", "pid", row->pid, "command",
                                              text(row->command), "samples", count(row->samples)));
    }
    return list;
}

static json_t *unrooted(const struct pf_summary *summary)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < summary->unrooted_count; i++) {
        const struct pf_summary_unrooted *row = &summary->unrooted[i];
        json_array_append_new(list,
                              json_pack("{s:o,s:o,s:o}", "object", text(row->object), "reason",
                                        text(row->reason), "samples", count(row->samples)));
    }
    return list;
}

static json_t *warnings(const struct pf_profile *profile)
{
    char lines[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];
    unsigned lines_count = pf_quality_warnings_of(profile, lines);
    json_t *list = json_array();

    for (unsigned i = 0; i < lines_count; i++)
        json_array_append_new(list, text(lines[i]));
    return list;
}

/* What nobody says of a foreign profile is null, not zero. */
static json_t *known(bool is_known, json_t *value)
{
    if (is_known)
        return value;
    json_decref(value);
    return json_null();
}

static void add_quality(json_t *to, const struct pf_summary *summary, bool is_ours)
{
    json_object_set_new(to, "frequency_hz", known(is_ours, count(summary->frequency_hz)));
    json_object_set_new(to, "samples", known(is_ours, count(summary->samples)));
    json_object_set_new(to, "independent_samples",
                        known(is_ours, count(pf_summary_independent(summary))));
    json_object_set_new(to, "lost", known(is_ours, count(summary->lost)));
    json_object_set_new(to, "throttled", known(is_ours, count(summary->throttled)));
    json_object_set_new(to, "truncated", known(is_ours, count(summary->truncated)));
    json_object_set_new(
        to, "rooted_percent",
        known(pf_quality_knows_rooted(summary), json_real(pf_quality_rooted_percent(summary))));
    json_object_set_new(to, "guessed", known(is_ours, count(summary->guessed)));
    json_object_set_new(to, "target_cpu_s",
                        known(is_ours, json_real((double)summary->target_cpu_ns / 1e9)));
    json_object_set_new(to, "profiler_cpu_s",
                        known(is_ours, json_real((double)summary->profiler_cpu_ns / 1e9)));
    json_object_set_new(to, "cost_percent",
                        known(summary->cost_percent >= 0, json_real(summary->cost_percent)));
}

static json_t *describe(const struct pf_profile *profile, const struct pf_paths *paths,
                        uint32_t column)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    bool is_ours = pf_summary_load(summary, profile);
    const struct pf_value_type *type = &profile->value_types[column];
    json_t *to = json_object();

    json_object_set_new(to, "engine", text(is_ours ? summary->engine : "import"));
    json_object_set_new(to, "mode", text(summary->mode));
    json_object_set_new(to, "command", text(summary->command));
    json_object_set_new(to, "note", text(summary->note));
    json_object_set_new(to, "pid", known(summary->pid != 0, json_integer(summary->pid)));
    json_object_set_new(to, "started", started(profile->time_ns));
    json_object_set_new(to, "duration_s", json_real((double)profile->duration_ns / 1e9));
    add_quality(to, summary, is_ours);
    json_object_set_new(
        to, "value",
        json_pack("{s:o,s:o,s:I}", "type", text(pf_profile_text(profile, type->type)), "unit",
                  text(pf_profile_text(profile, type->unit)), "total", (json_int_t)paths->total));
    json_object_set_new(to, "processes", processes(summary));
    json_object_set_new(to, "unrooted", unrooted(summary));
    json_object_set_new(to, "warnings", warnings(profile));
    free(summary);
    return to;
}

static json_t *functions(const struct pf_paths *paths, uint32_t top)
{
    struct pf_totals totals;
    json_t *list = json_array();

    pf_totals_init(&totals, paths);
    for (uint32_t i = 0; i < totals.count && (top == 0 || i < top); i++) {
        const struct pf_total *total = &totals.at[i];
        const struct pf_frame *frame = &paths->frames.at[total->frame];
        json_t *row = json_object();
        json_object_set_new(row, "function", text(frame->name));
        json_object_set_new(row, "object", text(frame->object));
        json_object_set_new(row, "file", text(frame->file));
        json_object_set_new(row, "line", count(frame->line));
        json_object_set_new(row, "self", json_integer(total->self));
        json_object_set_new(row, "total", json_integer(total->total));
        json_array_append_new(list, row);
    }
    pf_totals_fini(&totals);
    return list;
}

static int put(const char *bytes, size_t size, void *sink)
{
    pf_sink_put(sink, bytes, size);
    return 0;
}

bool pf_json_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err)
{
    struct pf_paths paths = {0};
    uint32_t column = 0;

    if (!pf_paths_column(profile, options->value, &column, err)
        || !pf_report_paths(&paths, profile, options, err))
        return false;

    json_t *root =
        json_pack("{s:i,s:o,s:o}", "assay", 1, "summary", describe(profile, &paths, column),
                  "functions", functions(&paths, options->top));
    int status = json_dump_callback(root, put, sink, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    pf_sink_put(sink, "\n", 1);
    json_decref(root);
    pf_paths_fini(&paths);
    if (status != 0)
        return pf_err_set(err, PF_ERR_SYSTEM, "JSON: could not be written");
    return true;
}
