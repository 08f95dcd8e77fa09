/*
 * A profile as speedscope's JSON: https://www.speedscope.app/file-format-schema.json, type
 * "sampled".
 *
 * Written straight to the sink: a profile may have a million stacks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/selection.h"
#include "profiler/report/writers_priv.h"

static void put_frames(const struct pf_frames *frames, struct pf_sink *sink)
{
    pf_sink_put_str(sink, "\"shared\":{\"frames\":[");
    for (uint32_t i = 0; i < frames->count; i++) {
        const struct pf_frame *frame = &frames->at[i];
        pf_sink_put_str(sink, i ? ",\n{\"name\":" : "\n{\"name\":");
        pf_json_string(sink, frame->name);
        if (frame->file[0] || frame->object[0]) {
            pf_sink_put_str(sink, ",\"file\":");
            pf_json_string(sink, frame->file[0] ? frame->file : frame->object);
        }
        if (frame->file[0] && frame->line) {
            pf_sink_put_str(sink, ",\"line\":");
            pf_sink_put_u64(sink, frame->line);
        }
        pf_sink_put(sink, "}", 1);
    }
    pf_sink_put_str(sink, "]}");
}

static void put_samples(const struct pf_paths *paths, struct pf_sink *sink)
{
    bool is_first = true;

    pf_sink_put_str(sink, ",\"samples\":[");
    for (uint32_t i = 0; i < paths->count; i++) {
        const struct pf_path *path = &paths->at[i];
        if (path->value <= 0)
            continue;
        pf_sink_put_str(sink, is_first ? "\n[" : ",\n[");
        is_first = false;
        for (uint32_t j = 0; j < path->count; j++) {
            if (j)
                pf_sink_put(sink, ",", 1);
            pf_sink_put_u64(sink, paths->ids[path->at + j]);
        }
        pf_sink_put(sink, "]", 1);
    }
    pf_sink_put(sink, "]", 1);
}

static int64_t put_weights(const struct pf_paths *paths, struct pf_sink *sink)
{
    bool is_first = true;
    uint64_t sum = 0;

    pf_sink_put_str(sink, ",\"weights\":[");
    for (uint32_t i = 0; i < paths->count; i++) {
        if (paths->at[i].value <= 0)
            continue;
        if (!is_first)
            pf_sink_put(sink, ",", 1);
        is_first = false;
        pf_sink_put_u64(sink, (uint64_t)paths->at[i].value);
        sum += (uint64_t)paths->at[i].value;
    }
    pf_sink_put(sink, "]", 1);
    return sum <= INT64_MAX ? (int64_t)sum : INT64_MAX;
}

static const char *unit_of(const char *unit)
{
    if (strcmp(unit, "nanoseconds") == 0 || strcmp(unit, "bytes") == 0)
        return unit;
    return "none";
}

bool pf_speedscope_write(const struct pf_profile *profile, const struct pf_report_options *options,
                         struct pf_sink *sink, struct pf_err *err)
{
    struct pf_paths paths = {0};
    uint32_t column = 0;

    if (!pf_paths_column(profile, options->value, &column, err)
        || !pf_report_paths(&paths, profile, options, err))
        return false;

    const struct pf_value_type *type = &profile->value_types[column];
    const char *title = options->title ? options->title : pf_profile_text(profile, type->type);
    pf_sink_put_str(sink, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
                          "\"exporter\":\"assay\",\"activeProfileIndex\":0,\"name\":");
    pf_json_string(sink, title);
    pf_sink_put_str(sink, ",\n");
    put_frames(&paths.frames, sink);
    pf_sink_put_str(sink, ",\n\"profiles\":[{\"type\":\"sampled\",\"name\":");
    pf_json_string(sink, pf_profile_text(profile, type->type));
    pf_sink_printf(sink, ",\"unit\":\"%s\",\"startValue\":0",
                   unit_of(pf_profile_text(profile, type->unit)));
    put_samples(&paths, sink);
    int64_t sum = put_weights(&paths, sink);
    pf_sink_put_str(sink, ",\"endValue\":");
    pf_sink_put_u64(sink, (uint64_t)sum);
    pf_sink_put_str(sink, "}]}\n");
    pf_paths_fini(&paths);
    return true;
}
