/*
 * assay report: any profile Assay reads, in any format it writes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "harness/cli/opts.h"
#include "harness/cli/report_opts.h"
#include "harness/cli/verbs.h"
#include "profiler/profile/filter.h"
#include "profiler/profile/merge.h"
#include "profiler/profile/profile.h"
#include "profiler/report/report.h"

enum {
    OPT_TREE = 256,
    OPT_TREE_DEPTH,
    OPT_PER_PROCESS,
    OPT_PER_THREAD,
    OPT_FOCUS,
    OPT_IGNORE,
    OPT_MIN_PERCENT,
};

enum { TREE_DEPTH_MAX = 64 };

static const struct hn_opt opts_table[] = {
    {HN_REPORT_FORMAT, "format", "FORMAT",
     "text, svg, html, folded, pprof, gperftools, speedscope or json.\n"
     "Without it, the extension of -o decides; without both, text."},
    {'o', "output", "FILE", "Where to write; '-' or nothing: standard output."},
    {OPT_TREE, "tree", NULL,
     "text: a tree of what called each of the top functions, and of what they called."},
    {OPT_TREE_DEPTH, "tree-depth", "N", "Levels of that tree, up and down (5)."},
    {HN_REPORT_VALUE, "value", "TYPE",
     "Which of the profile's values to show: samples, cpu, inuse_space. Without it the\n"
     "profile's default; folded: samples of a CPU profile, as other tools expect."},
    {HN_REPORT_TOP, "top", "N", "text: rows of the table (40)."},
    {HN_REPORT_TITLE, "title", "TEXT", "Title of the picture or page."},
    {OPT_PER_PROCESS, "per-process", NULL,
     "Group by process: each is a root of its own; text: a table each."},
    {OPT_PER_THREAD, "per-thread", NULL, "Group by thread."},
    {OPT_FOCUS, "focus", "REGEX", "Only stacks with a function that matches."},
    {OPT_IGNORE, "ignore", "REGEX", "No stacks with a function that matches."},
    {OPT_MIN_PERCENT, "min-percent", "P", "svg, html: leave out frames narrower than P per cent."},
    {HN_REPORT_NO_SYMBOLS, "no-symbols", NULL, "Leave addresses without a name as they are."},
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
    struct hn_report_opts shown;
    const char *focus, *ignore;
};

static int take_percent(const struct hn_opts *opts, double *out)
{
    double percent = 0;

    if (sscanf(opts->value, "%lf", &percent) != 1 || !(percent >= 0 && percent <= 100))
        return hn_opts_usage(opts, "--min-percent wants a number from 0 to 100, not '%s'",
                             opts->value);
    *out = percent;
    return 0;
}

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct request *request = to;
    struct pf_report_options *report = &request->shown.report;
    uint64_t depth = 0;

    switch (key) {
    case OPT_TREE:
        report->tree = true;
        return 0;
    case OPT_TREE_DEPTH:
        if (!hn_opts_u64(opts, 1, TREE_DEPTH_MAX, &depth))
            return 2;
        report->tree = true;
        report->tree_depth = (uint32_t)depth;
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
    case OPT_MIN_PERCENT:
        return take_percent(opts, &report->min_percent);
    default:
        return hn_report_opts_take(&request->shown, opts, key);
    }
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

/* That nothing is left is told: an empty picture says not why it is empty. */
static bool choose_stacks(struct pf_profile *profile, const struct request *request,
                          struct pf_err *err)
{
    uint32_t before = profile->samples.count;

    if (!pf_profile_filter(profile, request->focus, request->ignore, err))
        return false;
    if (before > 0 && profile->samples.count == 0)
        (void)fprintf(stderr, "assay report: of %u stacks none is left by --focus and --ignore\n",
                      before);
    return true;
}

static int report(const struct hn_opts *opts, const struct request *request)
{
    const struct hn_report_opts *shown = &request->shown;
    struct pf_profile profile = {0};
    struct pf_err err = {0};

    bool ok = load_all(&profile, opts, &err) && hn_report_opts_name(shown, &profile, &err)
              && choose_stacks(&profile, request, &err)
              && pf_report_save(&profile, shown->format, &shown->report, shown->output, &err);

    pf_profile_fini(&profile);
    return ok ? 0 : hn_opts_fail(opts, &err);
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct request request = {0};
    struct hn_opts opts;
    int status = 0;

    hn_opts_init(&opts, verb, argc, argv);
    if (!hn_opts_take(&opts, take_option, &request, &status))
        return status;
    if (opts.operand_count == 0)
        return hn_opts_usage(&opts, "which profile? Give a FILE, or '-' for standard input");
    status = hn_report_opts_settle(&request.shown, &opts);
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
