/*
 * assay report: any profile Assay reads, in any format it writes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/verbs.h"
#include "profiler/profile/filter.h"
#include "profiler/profile/merge.h"
#include "profiler/profile/profile.h"
#include "profiler/report/report.h"
#include "profiler/symbol/symbolize.h"

enum {
    OPT_FORMAT = 256,
    OPT_TREE,
    OPT_VALUE,
    OPT_TOP,
    OPT_TITLE,
    OPT_PER_PROCESS,
    OPT_PER_THREAD,
    OPT_FOCUS,
    OPT_IGNORE,
    OPT_MIN_PERCENT,
    OPT_NO_SYMBOLS,
};

static const struct hn_opt opts_table[] = {
    {OPT_FORMAT, "format", "FORMAT",
     "text, svg, html, folded, pprof, gperftools, speedscope or json.\n"
     "Without it, the extension of -o decides; without both, text."},
    {'o', "output", "FILE", "Where to write; '-' or nothing: standard output."},
    {OPT_TREE, "tree", NULL, "text: what called each of the top functions, and what they called."},
    {OPT_VALUE, "value", "TYPE",
     "Which of the profile's values to show: samples, cpu, inuse_space."},
    {OPT_TOP, "top", "N", "text: rows of the table (40)."},
    {OPT_TITLE, "title", "TEXT", "Title of the picture or page."},
    {OPT_PER_PROCESS, "per-process", NULL, "Group by process: each is a root of its own."},
    {OPT_PER_THREAD, "per-thread", NULL, "Group by thread."},
    {OPT_FOCUS, "focus", "REGEX", "Only stacks with a function that matches."},
    {OPT_IGNORE, "ignore", "REGEX", "No stacks with a function that matches."},
    {OPT_MIN_PERCENT, "min-percent", "P", "svg, html: leave out frames narrower than P per cent."},
    {OPT_NO_SYMBOLS, "no-symbols", NULL, "Leave addresses without a name as they are."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay report r.pb.gz",
    "The top functions, and how far the profile can be trusted.",
    "assay report r.pb.gz -o r.svg",
    "An interactive flamegraph, one file for any browser.",
    "perf script | assay report - --format svg > p.svg",
    "The same from a recording of perf.",
    "assay report *.pb.gz --focus 'parse_.*' -o all.folded",
    "Several recordings as one, only stacks that parse.",
    NULL,
};

struct request {
    struct pf_report_options report;
    const struct pf_report_format *format;
    const char *output;
    const char *focus, *ignore;
    bool skip_symbols;
};

static int take_format(const struct hn_opts *opts, struct request *request)
{
    char list[256] = "";

    request->format = pf_report_format_named(opts->value);
    if (request->format && request->format->write)
        return 0;
    for (const struct pf_report_format *at = pf_report_formats(); at->name; at++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", at->name);
    }
    return hn_opts_usage(opts, "there is no format '%s'; there are %s", opts->value, list);
}

static int take_number(const struct hn_opts *opts, int key, struct request *request)
{
    uint64_t number = 0;
    double percent = 0;

    if (key == OPT_TOP) {
        if (!hn_opts_u64(opts, 1, 1000000, &number))
            return 2;
        request->report.top = (uint32_t)number;
        return 0;
    }
    if (sscanf(opts->value, "%lf", &percent) != 1 || !(percent >= 0 && percent <= 100))
        return hn_opts_usage(opts, "--min-percent wants a number from 0 to 100, not '%s'",
                             opts->value);
    request->report.min_percent = percent;
    return 0;
}

/* 0, or the exit status of a usage error. */
static int take_option(const struct hn_opts *opts, int key, struct request *request)
{
    struct pf_report_options *report = &request->report;

    switch (key) {
    case OPT_FORMAT:
        return take_format(opts, request);
    case 'o':
        request->output = opts->value;
        return 0;
    case OPT_TREE:
        report->tree = true;
        return 0;
    case OPT_VALUE:
        report->value = opts->value;
        return 0;
    case OPT_TITLE:
        report->title = opts->value;
        return 0;
    case OPT_PER_PROCESS:
        report->per_process = true;
        return 0;
    case OPT_PER_THREAD:
        report->per_thread = true;
        return 0;
    case OPT_FOCUS:
        request->focus = opts->value;
        return 0;
    case OPT_IGNORE:
        request->ignore = opts->value;
        return 0;
    case OPT_NO_SYMBOLS:
        request->skip_symbols = true;
        return 0;
    default:
        return take_number(opts, key, request);
    }
}

static int choose_format(const struct hn_opts *opts, struct request *request)
{
    bool to_stdout = !request->output || strcmp(request->output, "-") == 0;

    if (request->format)
        return 0;
    request->format =
        to_stdout ? pf_report_format_named("text") : pf_report_format_of(request->output);
    if (!request->format)
        return hn_opts_usage(opts, "%s: the extension names no format: give --format",
                             request->output);
    return 0;
}

static bool load_all(struct pf_profile *out, const struct hn_opts *opts, struct pf_err *err)
{
    struct pf_profile one = {0};
    bool ok = pf_report_load(out, opts->operands[0], err);

    for (int i = 1; ok && i < opts->operand_count; i++) {
        ok = pf_report_load(&one, opts->operands[i], err)
             && (pf_profile_merge(out, &one, err) || pf_err_prepend(err, "%s", opts->operands[i]));
        pf_profile_fini(&one);
    }
    return ok;
}

/* Addresses without names (gperftools, other tools' pprof files) get them from this machine's
 * files. */
static bool name_all(struct pf_profile *profile, const struct request *request, struct pf_err *err)
{
    struct pf_symbolize_stats stats = {0};
    struct pf_symbolize how = {0};

    return request->skip_symbols || pf_symbolize(profile, &how, &stats, err);
}

static int report(const struct hn_opts *opts, struct request *request)
{
    struct pf_profile profile = {0};
    struct pf_err err = {0};

    bool ok = load_all(&profile, opts, &err) && name_all(&profile, request, &err)
              && pf_profile_filter(&profile, request->focus, request->ignore, &err)
              && pf_report_save(&profile, request->format, &request->report, request->output, &err);

    pf_profile_fini(&profile);
    return ok ? 0 : hn_opts_fail(opts, &err);
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct request request = {0};
    struct hn_opts opts;
    int key = 0;

    hn_opts_init(&opts, verb, argc, argv);
    while ((key = hn_opts_next(&opts)) != HN_OPT_END) {
        if (key == HN_OPT_BAD || key == HN_OPT_HELP)
            return key == HN_OPT_BAD ? 2 : 0;
        int status = take_option(&opts, key, &request);
        if (status)
            return status;
    }
    if (opts.operand_count == 0)
        return hn_opts_usage(&opts, "which profile? Give a FILE, or '-' for standard input");
    int status = choose_format(&opts, &request);
    request.report.is_terminal = isatty(STDOUT_FILENO) != 0 && !getenv("NO_COLOR");
    return status ? status : report(&opts, &request);
}

const struct hn_verb hn_verb_report = {
    .name = "report",
    .summary = "show a profile: text, flamegraph, pprof, ...",
    .usage = "FILE... [--format FORMAT] [-o FILE] [options]",
    .about = "Reads any profile Assay knows (pprof, gperftools CPU, folded stacks, the output of\n"
             "perf script, callgrind; recognised by content, '-' is standard input), merges them\n"
             "if there are several, and writes one in the format asked for.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};
