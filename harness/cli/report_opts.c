/* SPDX-License-Identifier: MIT */
#include "harness/cli/report_opts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/terminal.h"
#include "profiler/symbol/symbolize.h"

enum { TOP_MAX = 1000000 };

static bool can_write(const struct hn_report_opts *how, const struct pf_report_format *format)
{
    return format && (!how->is_diff || format->write_diff);
}

static int take_format(struct hn_report_opts *to, const struct hn_opts *opts)
{
    char list[256] = "";

    to->format = pf_report_format_named(opts->value);
    if (can_write(to, to->format))
        return 0;
    for (const struct pf_report_format *at = pf_report_formats(); at->name; at++) {
        size_t used = strlen(list);
        if (can_write(to, at))
            (void)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", at->name);
    }
    return hn_opts_usage(opts, "there is no format '%s'; there are %s", opts->value, list);
}

static int take_top(struct hn_report_opts *to, const struct hn_opts *opts)
{
    uint64_t rows = 0;

    if (!hn_opts_u64(opts, 1, TOP_MAX, &rows))
        return 2;
    to->report.top = (uint32_t)rows;
    return 0;
}

int hn_report_opts_take(struct hn_report_opts *to, const struct hn_opts *opts, int key)
{
    switch (key) {
    case HN_REPORT_FORMAT:
        return take_format(to, opts);
    case 'o':
        to->output = opts->value;
        return 0;
    case HN_REPORT_VALUE:
        to->report.value = opts->value;
        return 0;
    case HN_REPORT_TITLE:
        to->report.title = opts->value;
        return 0;
    case HN_REPORT_NO_SYMBOLS:
        to->skip_symbols = true;
        return 0;
    default:
        return take_top(to, opts);
    }
}

int hn_report_opts_settle(struct hn_report_opts *to, const struct hn_opts *opts)
{
    bool is_stdout = !to->output || strcmp(to->output, "-") == 0;

    to->report.is_terminal = is_stdout && hn_terminal_has_colour(STDOUT_FILENO);
    if (!to->format)
        to->format = is_stdout ? pf_report_format_named("text") : pf_report_format_of(to->output);
    if (can_write(to, to->format))
        return 0;
    return hn_opts_usage(opts, "%s: the extension names no format: give --format", to->output);
}

bool hn_report_opts_name(const struct hn_report_opts *how, struct pf_profile *profile,
                         struct pf_err *err)
{
    struct pf_symbolize_stats stats = {0};
    struct pf_symbolize symbolize = {0};

    return how->skip_symbols || pf_symbolize(profile, &symbolize, &stats, err);
}
