/*
 * A profile as one page: how far it can be trusted, its flamegraph, the functions that cost most.
 *
 * Complete in itself, like the SVG it holds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/xml.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"
#include "profiler/report/flame_assets.h"
#include "profiler/report/flame_model.h"
#include "profiler/report/quality.h"
#include "profiler/report/report.h"
#include "profiler/report/text_priv.h"
#include "profiler/report/writers_priv.h"

enum { HTML_DEFAULT_TOP = 100 };

static void put_fact(struct pf_sink *sink, const char *name, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);

static void put_fact(struct pf_sink *sink, const char *name, const char *fmt, ...)
{
    char value[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    pf_sink_put_str(sink, "<div><dt>");
    pf_xml_text(sink, name);
    pf_sink_put_str(sink, "</dt><dd>");
    pf_xml_text(sink, value);
    pf_sink_put_str(sink, "</dd></div>\n");
}

static void put_quality(struct pf_sink *sink, const struct pf_summary *summary)
{
    uint64_t all = summary->samples + summary->lost;

    if (summary->samples) {
        put_fact(sink, "samples", "%" PRIu64, summary->samples);
        if (pf_summary_independent(summary) < summary->samples)
            put_fact(sink, "independent", "%" PRIu64, pf_summary_independent(summary));
        put_fact(sink, "lost", "%" PRIu64 " (%.2f %%)", summary->lost,
                 100.0 * (double)summary->lost / (double)all);
    }
    if (pf_quality_knows_rooted(summary))
        put_fact(sink, "rooted stacks", "%.2f %%", pf_quality_rooted_percent(summary));
    if (summary->target_cpu_ns)
        put_fact(sink, "CPU of the target", "%.2f s", (double)summary->target_cpu_ns / 1e9);
    if (summary->profiler_cpu_ns)
        put_fact(sink, "CPU of the profiler", "%.2f s", (double)summary->profiler_cpu_ns / 1e9);
    if (summary->cost_percent >= 0)
        put_fact(sink, "estimated cost", "%.2f %%", summary->cost_percent);
    for (uint32_t i = 0; i < summary->unrooted_count && i < 5; i++)
        put_fact(sink, "unwinding stopped in", "%s: %s, %" PRIu64 " samples",
                 summary->unrooted[i].object, summary->unrooted[i].reason,
                 summary->unrooted[i].samples);
}

static void put_summary(struct pf_sink *sink, const struct pf_profile *profile,
                        const struct pf_flame *flame)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    char total[64];

    pf_text_value(total, sizeof total, flame->paths->total, flame->unit);
    pf_sink_put_str(sink, "<dl>\n");
    put_fact(sink, flame->type, "%s", total);
    if (pf_summary_load(summary, profile)) {
        put_fact(sink, "engine", "%s, %s", summary->engine, summary->mode);
        if (summary->frequency_hz)
            put_fact(sink, "rate", "%" PRIu32 " Hz", summary->frequency_hz);
        if (profile->duration_ns)
            put_fact(sink, "duration", "%.1f s", (double)profile->duration_ns / 1e9);
        put_quality(sink, summary);
    }
    pf_sink_put_str(sink, "</dl>\n");
    for (unsigned i = 0; i < flame->warning_count; i++) {
        pf_sink_put_str(sink, "<p class=\"warning\">\xe2\x9a\xa0 ");
        pf_xml_text(sink, flame->warnings[i]);
        pf_sink_put_str(sink, "</p>\n");
    }
    free(summary);
}

static void put_row(struct pf_sink *sink, const struct pf_flame *flame,
                    const struct pf_total *total)
{
    const struct pf_frame *frame = &flame->paths->frames.at[total->frame];
    int64_t all = flame->paths->total;
    char self[64], sum[64], class[8];

    pf_text_value(self, sizeof self, total->self, flame->unit);
    pf_text_value(sum, sizeof sum, total->total, flame->unit);
    pf_flame_class(class, frame);
    pf_sink_printf(sink, "<tr><td>%.2f %%</td><td>%s</td><td>%.2f %%</td><td>%s</td><td>",
                   pf_value_percent(total->self, all), self, pf_value_percent(total->total, all),
                   sum);
    pf_sink_printf(sink,
                   "<svg class=\"dot\" width=\"10\" height=\"10\"><rect class=\"%s\" "
                   "width=\"10\" height=\"10\" rx=\"2\"/></svg> <code>",
                   class);
    pf_xml_text(sink, frame->name);
    pf_sink_put_str(sink, "</code></td><td>");
    pf_xml_text(sink, pf_frame_base_name(frame->object));
    pf_sink_put_str(sink, "</td><td>");
    if (frame->file[0]) {
        pf_xml_text(sink, frame->file);
        if (frame->line)
            pf_sink_printf(sink, ":%" PRIu32, frame->line);
    }
    pf_sink_put_str(sink, "</td></tr>\n");
}

static void put_functions(struct pf_sink *sink, const struct pf_flame *flame, uint32_t top)
{
    struct pf_totals totals;

    pf_totals_init(&totals, flame->paths);
    pf_sink_put_str(sink, "<table>\n<thead><tr><th colspan=\"2\">self</th><th "
                          "colspan=\"2\">total</th><th>function</th><th>object</th>"
                          "<th>source</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < totals.count && i < top; i++)
        put_row(sink, flame, &totals.at[i]);
    pf_sink_put_str(sink, "</tbody></table>\n");
    if (totals.count > top)
        pf_sink_printf(sink, "<p class=\"more\">%u more functions</p>\n", totals.count - top);
    pf_totals_fini(&totals);
}

/* Title and warnings stand above the picture already. */
static void caption(struct pf_flame *flame)
{
    flame->warning_count = 0;
    (void)snprintf(flame->title, sizeof flame->title, "Flamegraph");
    (void)snprintf(flame->subtitle, sizeof flame->subtitle,
                   "a frame's width is its %s, callees stand below their caller", flame->type);
}

bool pf_html_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err)
{
    struct pf_flame_model model;

    if (!pf_flame_model_init(&model, profile, options, err))
        return false;
    pf_sink_put_str(sink, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width,"
                          "initial-scale=1\">\n<title>");
    pf_xml_text(sink, model.flame.title);
    pf_sink_put_str(sink, "</title>\n<style>\n");
    pf_sink_put(sink, pf_page_css.at, pf_page_css.size);
    pf_sink_put_str(sink, "</style></head>\n<body><main>\n<h1>");
    pf_xml_text(sink, model.flame.title);
    pf_sink_put_str(sink, "</h1>\n");
    put_summary(sink, profile, &model.flame);
    caption(&model.flame);
    pf_flame_document(&model.flame, false, sink);
    put_functions(sink, &model.flame, options->top ? options->top : HTML_DEFAULT_TOP);
    pf_sink_put_str(sink, "</main></body></html>\n");
    pf_flame_model_fini(&model);
    return true;
}
