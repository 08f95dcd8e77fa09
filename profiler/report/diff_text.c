/*
 * A comparison for a person: which functions cost more or less than before, surest first.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/report/diff_writers_priv.h"
#include "profiler/report/report.h"
#include "profiler/report/text_priv.h"

enum { DIFF_DEFAULT_TOP = 40 };

/* What the side's intervals rest on, where its values do not say it. */
static void put_basis(const struct pf_sample_count *samples, bool is_samples, int64_t value,
                      struct pf_sink *sink)
{
    if (samples->is_exact)
        pf_sink_put_str(sink, ", counted exactly");
    else if (samples->is_assumed && is_samples)
        pf_sink_put_str(sink, ", each count taken for one");
    else if (samples->is_assumed)
        pf_sink_printf(sink, ", taken for %" PRIu64 " samples: the file does not say",
                       samples->count);
    else if (!is_samples || value < 0 || (uint64_t)value != samples->count)
        pf_sink_printf(sink, ", %" PRIu64 " %s", samples->count,
                       is_samples ? "of them independent" : "samples");
    pf_sink_put(sink, "\n", 1);
}

static void put_side(const struct pf_diff *diff, struct pf_sink *sink, const char *label,
                     const char *name, bool is_new)
{
    const struct pf_sample_counts *counts = &diff->comparison.samples;
    int64_t total = is_new ? diff->paths.total : diff->paths.base_total;
    char value[32], clean[512];

    pf_text_value(value, sizeof value, total, diff->unit);
    pf_utf8_clean(clean, sizeof clean, name, strlen(name));
    pf_sink_printf(sink, "%s: %s, %s %s", label, clean, value, diff->type);
    put_basis(is_new ? &counts->now : &counts->base, strcmp(diff->type, "samples") == 0, total,
              sink);
}

static void put_change(struct pf_sink *sink, const struct pf_change *change)
{
    char margin[24] = "";

    if (change->margin > 0)
        (void)snprintf(margin, sizeof margin, "\u00b1%.2f", change->margin);
    /* The sign is two bytes and one column. */
    pf_sink_printf(sink, " %6.2f%% %6.2f%% %+7.2f %s%*s", change->base, change->now,
                   change->now - change->base, change->is_noise ? "~" : " ", margin[0] ? 7 : 6,
                   margin);
}

static void put_row(const struct pf_diff *diff, struct pf_sink *sink,
                    const struct pf_function_change *change, bool is_terminal)
{
    const struct pf_frame *frame = &diff->paths.frames.at[change->frame];
    bool is_noise = change->self.is_noise && change->total.is_noise;
    double delta = change->self.is_noise ? change->total.now - change->total.base
                                         : change->self.now - change->self.base;
    char name[PF_TEXT_NAME_BYTES];

    pf_text_name(name, sizeof name, frame);
    if (is_terminal)
        pf_sink_put_str(sink, is_noise ? "\033[2m" : delta > 0 ? "\033[31m" : "\033[34m");
    put_change(sink, &change->self);
    pf_sink_put_str(sink, "  |");
    put_change(sink, &change->total);
    pf_sink_printf(sink, "   %s", name);
    if (frame->object[0])
        pf_sink_printf(sink, "  %s", pf_frame_base_name(frame->object));
    pf_sink_put_str(sink, is_terminal ? "\033[0m\n" : "\n");
}

bool pf_diff_write_text(const struct pf_diff *diff, const struct pf_report_options *options,
                        struct pf_sink *sink, struct pf_err *err)
{
    uint32_t top = options->top ? options->top : DIFF_DEFAULT_TOP;
    uint32_t count = diff->comparison.count, shown = count < top ? count : top;

    (void)err;
    put_side(diff, sink, "base", diff->base_name, false);
    put_side(diff, sink, "new ", diff->new_name, true);
    pf_sink_put_str(sink, "shares of each profile's total; changes in points, \u00b1 the 95 % "
                          "interval, ~ within noise\n\n");
    pf_sink_printf(sink, "%-32s  |%-32s   %s\n", "    self: base    new  change",
                   "   total: base    new  change", "function");
    for (uint32_t i = 0; i < shown; i++)
        put_row(diff, sink, &diff->comparison.at[i], options->is_terminal);
    if (shown < count)
        pf_sink_printf(sink, "%u more functions: --top %u shows all\n", count - shown, count);
    return true;
}
