/*
 * A profile for a person at a terminal: how far it can be trusted, then the functions that cost
 * most, then, if asked, who called them and what they called.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"
#include "profiler/report/quality.h"
#include "profiler/report/selection.h"
#include "profiler/report/text_priv.h"
#include "profiler/report/writers_priv.h"

enum { TEXT_DEFAULT_TOP = 40 };

/* 12.3 s, 4.5 MiB, 1234: a value in its unit. */
void pf_text_value(char *out, size_t size, int64_t value, const char *unit)
{
    static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double number = (double)value;
    unsigned step = 0;

    if (strcmp(unit, "nanoseconds") == 0) {
        (void)snprintf(out, size,
                       number < 1e6   ? "%.3f ms"
                       : number < 1e9 ? "%.1f ms"
                                      : "%.2f s",
                       number < 1e9 ? number / 1e6 : number / 1e9);
        return;
    }
    if (strcmp(unit, "bytes") == 0) {
        for (; number >= 1024 && step < 4; step++)
            number /= 1024;
        (void)snprintf(out, size, step ? "%.1f %s" : "%.0f %s", number, binary[step]);
        return;
    }
    (void)snprintf(out, size, "%lld", (long long)value);
}

static void put_row(const struct pf_text *text, const struct pf_total *total)
{
    const struct pf_paths *paths = text->paths;
    const struct pf_frame *frame = &paths->frames.at[total->frame];
    char self[32], all[32], name[PF_TEXT_NAME_BYTES];

    pf_text_value(self, sizeof self, total->self, text->unit);
    pf_text_value(all, sizeof all, total->total, text->unit);
    pf_text_name(name, sizeof name, frame);
    pf_sink_printf(text->sink, "%s%6.2f%%%s %10s %6.2f%% %10s  %s", text->bold,
                   pf_value_percent(total->self, paths->total), text->plain, self,
                   pf_value_percent(total->total, paths->total), all, name);
    if (frame->object[0])
        pf_sink_printf(text->sink, "  %s%s%s", text->dim, pf_frame_base_name(frame->object),
                       text->plain);
    if (frame->file[0] && frame->line)
        pf_sink_printf(text->sink, "  %s%s:%u%s", text->dim, frame->file, frame->line, text->plain);
    pf_sink_put(text->sink, "\n", 1);
}

void pf_text_table(const struct pf_text *text, const struct pf_totals *totals, uint32_t top)
{
    uint32_t shown = totals->count < top ? totals->count : top;

    pf_sink_printf(text->sink, "\n%s%18s %18s  %s%s\n", text->dim, "self", "total", "function",
                   text->plain);
    for (uint32_t i = 0; i < shown; i++)
        put_row(text, &totals->at[i]);
    if (shown < totals->count)
        pf_sink_printf(text->sink, "%s%u more functions: --top %u shows all%s\n", text->dim,
                       totals->count - shown, totals->count, text->plain);
}

static void write_all(struct pf_text *text, const struct pf_profile *profile,
                      const struct pf_report_options *options)
{
    struct pf_totals totals;
    uint32_t top = options->top ? options->top : TEXT_DEFAULT_TOP;

    pf_totals_init(&totals, text->paths);
    pf_quality_put(text, profile);
    if (options->per_process || options->per_thread)
        pf_text_groups(text, options->top);
    else
        pf_text_table(text, &totals, top);
    if (options->tree)
        pf_text_tree(text, &totals, top, options->tree_depth);
    pf_totals_fini(&totals);
}

bool pf_text_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err)
{
    struct pf_paths paths = {0};
    struct pf_text text = {
        .paths = &paths, .sink = sink, .bold = "", .dim = "", .warn = "", .plain = ""};
    uint32_t column = 0;

    if (!pf_paths_column(profile, options->value, &column, err)
        || !pf_report_paths(&paths, profile, options, err))
        return false;
    text.unit = pf_profile_text(profile, profile->value_types[column].unit);
    text.type = pf_profile_text(profile, profile->value_types[column].type);
    if (options->is_terminal) {
        text.bold = "\033[1m";
        text.dim = "\033[2m";
        text.warn = "\033[33m";
        text.plain = "\033[0m";
    }
    write_all(&text, profile, options);
    pf_paths_fini(&paths);
    return true;
}
