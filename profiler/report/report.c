/*
 * The table of formats, and writing a profile in one of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/report/report.h"

#include <string.h>

#include "profiler/report/deliver.h"
#include "profiler/report/diff_writers_priv.h"
#include "profiler/report/writers_priv.h"

static const char *const pprof_extensions[] = {".pb.gz", ".pprof", ".pprof.gz", ".prof", NULL};
static const char *const folded_extensions[] = {".folded", ".collapsed", NULL};
static const char *const text_extensions[] = {".txt", ".text", NULL};
static const char *const svg_extensions[] = {".svg", NULL};
static const char *const json_extensions[] = {".json", NULL};
static const char *const gperf_extensions[] = {".gperf", NULL};
static const char *const speedscope_extensions[] = {".speedscope.json", ".speedscope", NULL};
static const char *const html_extensions[] = {".html", ".htm", NULL};
static const char *const no_extensions[] = {NULL};

static const struct pf_report_format formats[] = {
    {"folded", folded_extensions, pf_folded_write, pf_diff_write_folded,
     "folded stacks, a line each"},
    {"gperftools", gperf_extensions, pf_gperf_write, NULL,
     "gperftools' CPU format, for google-pprof"},
    {"html", html_extensions, pf_html_write, NULL, "a page: summary, flamegraph, functions"},
    {"json", json_extensions, pf_json_write, pf_diff_write_json,
     "summary and functions for machines"},
    {"pprof", pprof_extensions, pf_pprof_write, NULL, "pprof's profile.proto, gzip"},
    {"speedscope", speedscope_extensions, pf_speedscope_write, NULL, "for www.speedscope.app"},
    {"svg", svg_extensions, pf_svg_write, pf_diff_write_svg,
     "an interactive flamegraph, one file for any browser"},
    {"text", text_extensions, pf_text_write, pf_diff_write_text,
     "the functions that cost most, for reading"},
    {NULL, no_extensions, NULL, NULL, NULL},
};

const struct pf_report_format *pf_report_formats(void)
{
    return formats;
}

const struct pf_report_format *pf_report_format_named(const char *name)
{
    for (const struct pf_report_format *format = formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

static size_t match_size(const struct pf_report_format *format, const char *path)
{
    size_t path_size = strlen(path);
    size_t best = 0;

    for (const char *const *at = format->extensions; *at; at++) {
        size_t size = strlen(*at);
        if (size < path_size && size > best && strcmp(path + path_size - size, *at) == 0)
            best = size;
    }
    return best;
}

const struct pf_report_format *pf_report_format_of(const char *path)
{
    const struct pf_report_format *best = NULL;
    size_t best_size = 0;

    for (const struct pf_report_format *format = formats; format->name; format++) {
        size_t size = match_size(format, path);
        if (size > best_size) {
            best = format;
            best_size = size;
        }
    }
    return best;
}

struct order {
    const struct pf_profile *profile;
    const struct pf_report_format *format;
    const struct pf_report_options *options;
};

static bool write_order(const void *what, struct pf_sink *sink, struct pf_err *err)
{
    const struct order *order = what;

    return order->format->write(order->profile, order->options, sink, err);
}

bool pf_report_save(const struct pf_profile *profile, const struct pf_report_format *format,
                    const struct pf_report_options *options, const char *path, struct pf_err *err)
{
    static const struct pf_report_options plain;
    struct order order = {profile, format, options ? options : &plain};

    return pf_deliver(path, write_order, &order, err);
}
