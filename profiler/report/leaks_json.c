/*
 * A leak check's result for machines. Shape: docs/schemas/leaks.json.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "profiler/base/sink.h"
#include "profiler/leak/leaks.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/leaks_report.h"

/* A frame's object as the process knew it, "" if its code lay in none. */
static const char *object_of(const struct pf_profile *profile, const struct pf_location *location)
{
    if (location->mapping == PF_NONE)
        return "";
    return pf_profile_text(profile, pf_profile_mapping_at(profile, location->mapping)->file);
}

static void write_frame(struct pf_sink *sink, const struct pf_profile *profile,
                        const struct pf_location *location, const struct pf_line *line)
{
    const struct pf_function *function = pf_profile_function_at(profile, line->function);

    pf_sink_put_str(sink, "{\"function\":");
    pf_json_string(sink, pf_profile_text(profile, function->name));
    pf_sink_put_str(sink, ",\"object\":");
    pf_json_string(sink, object_of(profile, location));
    pf_sink_put_str(sink, ",\"file\":");
    pf_json_string(sink, pf_profile_text(profile, function->file));
    pf_sink_printf(sink, ",\"line\":%u,\"address\":\"0x%" PRIx64 "\"}", line->line,
                   location->address);
}

static void write_stack(struct pf_sink *sink, const struct pf_profile *profile, uint32_t stack)
{
    uint32_t count = 0;
    const uint32_t *locations = NULL;
    const char *comma = "";

    if (stack != PF_NONE)
        locations = pf_profile_stack_view(profile, stack, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct pf_location *location = pf_profile_location_at(profile, locations[i]);
        const struct pf_line *lines = pf_profile_lines_view(profile, location);
        for (uint32_t n = 0; n < location->line_count; n++) {
            pf_sink_put_str(sink, comma);
            write_frame(sink, profile, location, &lines[n]);
            comma = ",";
        }
    }
}

static void write_record(struct pf_sink *sink, const struct pf_leaks *leaks,
                         const struct pf_leak_record *record)
{
    pf_sink_printf(sink,
                   "{\"kind\":\"%s\",\"bytes\":%" PRIu64 ",\"blocks\":%" PRIu64
                   ",\"indirect_bytes\":%" PRIu64 ",\"indirect_blocks\":%" PRIu64
                   ",\"fingerprint\":\"%016" PRIx64 "\",\"age_s\":%.3f,\"suppressed\":%s,"
                   "\"stack\":[",
                   pf_leak_kind_name(record->kind), record->bytes, record->blocks,
                   record->indirect_bytes, record->indirect_blocks, record->fingerprint,
                   (double)record->age_ms / 1000, record->is_suppressed ? "true" : "false");
    write_stack(sink, &leaks->profile, record->stack);
    pf_sink_put_str(sink, "]}");
}

void pf_leaks_write_json(const struct pf_leaks *leaks, const struct pf_leaks_view *view,
                         struct pf_sink *sink)
{
    const char *comma = "";

    pf_sink_put_str(sink, "{\"assay\":1,\"command\":");
    pf_json_string(sink, leaks->command);
    pf_sink_printf(sink, ",\"pid\":%d,\"engine\":", (int)leaks->pid);
    pf_json_string(sink, leaks->engine);
    pf_sink_printf(sink, ",\"pause_ms\":%.3f,\"duration_s\":%.3f,\"lost_events\":%" PRIu64 ",",
                   leaks->pause_ms, leaks->duration_s, leaks->lost_events);
    pf_sink_printf(sink, "\"exit_status\":%d,\"processes\":%u,\"not_judged\":%u,\"note\":",
                   leaks->exit_status, leaks->process_count, leaks->unjudged_count);
    pf_json_string(sink, leaks->note);
    pf_sink_put_str(sink, ",\"kinds\":{");
    for (unsigned kind = 0; kind < PF_LEAK_KINDS; kind++)
        pf_sink_printf(sink, "%s\"%s\":{\"bytes\":%" PRIu64 ",\"blocks\":%" PRIu64 "}",
                       kind ? "," : "", pf_leak_kind_name((enum pf_leak_kind)kind),
                       leaks->totals[kind].bytes, leaks->totals[kind].blocks);
    pf_sink_put_str(sink, "},\"leaks\":[");
    for (uint32_t i = 0; i < leaks->record_count; i++) {
        if (!(view->kinds & pf_leak_bit(leaks->records[i].kind)))
            continue;
        pf_sink_put_str(sink, comma);
        write_record(sink, leaks, &leaks->records[i]);
        comma = ",";
    }
    pf_sink_put_str(sink, "]}\n");
}
