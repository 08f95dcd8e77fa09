/*
 * assay diff: what a new profile spends more and less on than a base.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/verbs.h"
#include "profiler/profile/budget.h"
#include "profiler/report/diff.h"
#include "profiler/report/report.h"
#include "profiler/symbol/symbolize.h"

enum { OPT_FORMAT = 256, OPT_VALUE, OPT_TOP, OPT_TITLE, OPT_FAIL_ON, OPT_NO_SYMBOLS };
enum { DIFF_BUDGETS_MAX = 32 };

static const struct hn_opt opts_table[] = {
    {OPT_FORMAT, "format", "FORMAT",
     "text, svg, json or folded. Without it, the extension of -o decides; without both, text."},
    {'o', "output", "FILE", "Where to write; '-' or nothing: standard output."},
    {OPT_FAIL_ON, "fail-on", "EXPR",
     "Exit 1 if EXPR holds: 'self(NAME) > LIMIT' or 'total(NAME) > LIMIT', with > >= < <=.\n"
     "NAME may hold * ? [...]; shares of all that match are taken together.\n"
     "LIMIT: +5% the change in points of the whole, 20% the new share, 1.2x new over base.\n"
     "A change counts only if it is more than noise. May be given more than once."},
    {OPT_VALUE, "value", "TYPE", "Which of the profiles' values to compare: samples, cpu."},
    {OPT_TOP, "top", "N", "text, json: how many functions (text: 40)."},
    {OPT_TITLE, "title", "TEXT", "Title of the picture."},
    {OPT_NO_SYMBOLS, "no-symbols", NULL, "Leave addresses without a name as they are."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay diff base.pb.gz new.pb.gz",
    "The functions whose share changed, each with its 95 % interval.",
    "assay diff base.pb.gz new.pb.gz -o diff.svg",
    "A flamegraph: red takes a larger share than before, blue a smaller.",
    "assay diff base.pb.gz new.pb.gz --fail-on 'self(parse_*) > +5%'",
    "For CI: exit 1 if parsing takes five points more of the whole.",
    NULL,
};

struct request {
    struct pf_report_options report;
    const struct pf_diff_format *format;
    const char *output;
    struct pf_budget budgets[DIFF_BUDGETS_MAX];
    const char *budget_texts[DIFF_BUDGETS_MAX];
    unsigned budget_count;
    bool skip_symbols;
};

static int take_budget(const struct hn_opts *opts, struct request *request)
{
    struct pf_err err = {0};

    if (request->budget_count == DIFF_BUDGETS_MAX)
        return hn_opts_usage(opts, "--fail-on may be given %d times", DIFF_BUDGETS_MAX);
    if (!pf_budget_parse(&request->budgets[request->budget_count], opts->value, &err))
        return hn_opts_usage(opts, "--fail-on %s", err.text);
    request->budget_texts[request->budget_count++] = opts->value;
    return 0;
}

static int take_option(const struct hn_opts *opts, int key, struct request *request)
{
    uint64_t number = 0;

    switch (key) {
    case OPT_FORMAT:
        request->format = pf_diff_format_named(opts->value);
        if (!request->format)
            return hn_opts_usage(opts, "there is no format '%s'; there are text, svg, json, folded",
                                 opts->value);
        return 0;
    case 'o':
        request->output = opts->value;
        return 0;
    case OPT_VALUE:
        request->report.value = opts->value;
        return 0;
    case OPT_TITLE:
        request->report.title = opts->value;
        return 0;
    case OPT_FAIL_ON:
        return take_budget(opts, request);
    case OPT_NO_SYMBOLS:
        request->skip_symbols = true;
        return 0;
    default:
        if (!hn_opts_u64(opts, 1, 1000000, &number))
            return 2;
        request->report.top = (uint32_t)number;
        return 0;
    }
}

static bool load(struct pf_profile *out, const char *path, const struct request *request,
                 struct pf_err *err)
{
    struct pf_symbolize_stats stats = {0};
    struct pf_symbolize how = {0};

    return pf_report_load(out, path, err)
           && (request->skip_symbols || pf_symbolize(out, &how, &stats, err));
}

static bool compare(struct pf_diff *out, const struct hn_opts *opts, const struct request *request,
                    struct pf_err *err)
{
    struct pf_profile base = {0}, new = {0};

    bool ok = load(&base, opts->operands[0], request, err)
              && load(&new, opts->operands[1], request, err)
              && pf_diff_init(out, &base, &new, request->report.value, err);
    (void)snprintf(out->base_name, sizeof out->base_name, "%s", opts->operands[0]);
    (void)snprintf(out->new_name, sizeof out->new_name, "%s", opts->operands[1]);

    pf_profile_fini(&base);
    pf_profile_fini(&new);
    return ok;
}

/* Says which conditions hold; 1 if one does. */
static int check_budgets(const struct pf_diff *diff, const struct request *request)
{
    int status = 0;

    for (unsigned i = 0; i < request->budget_count; i++) {
        struct pf_budget_result result =
            pf_budget_check(&request->budgets[i], &diff->paths, diff->comparison.samples);
        const struct pf_change *change = &result.change;
        if (result.functions == 0)
            (void)fprintf(stderr, "assay diff: --fail-on '%s': no function matches '%s'\n",
                          request->budget_texts[i], request->budgets[i].pattern);
        if (!result.holds)
            continue;
        (void)fprintf(stderr,
                      "assay diff: --fail-on '%s' holds: %.2f %% was %.2f %% (%+.2f points, "
                      "interval \u00b1%.2f)\n",
                      request->budget_texts[i], change->now, change->base,
                      change->now - change->base, change->margin);
        status = 1;
    }
    return status;
}

static int diff(const struct hn_opts *opts, const struct request *request)
{
    struct pf_diff diff = {0};
    struct pf_err err = {0};
    int status = 0;

    if (compare(&diff, opts, request, &err)
        && pf_diff_save(&diff, request->format, &request->report, request->output, &err))
        status = check_budgets(&diff, request);
    else
        status = hn_opts_fail(opts, &err);
    pf_diff_fini(&diff);
    return status;
}

static int choose_format(const struct hn_opts *opts, struct request *request)
{
    bool to_stdout = !request->output || strcmp(request->output, "-") == 0;

    if (request->format)
        return 0;
    request->format = to_stdout ? pf_diff_format_named("text") : pf_diff_format_of(request->output);
    if (!request->format)
        return hn_opts_usage(opts, "%s: the extension names no format: give --format",
                             request->output);
    return 0;
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
    if (opts.operand_count != 2)
        return hn_opts_usage(&opts, "two profiles are compared: BASE and NEW");
    int status = choose_format(&opts, &request);
    request.report.is_terminal = isatty(STDOUT_FILENO) != 0 && !getenv("NO_COLOR");
    return status ? status : diff(&opts, &request);
}

const struct hn_verb hn_verb_diff = {
    .name = "diff",
    .summary = "compare two profiles; fail a build on a change",
    .usage = "BASE NEW [--format FORMAT] [-o FILE] [--fail-on EXPR]",
    .about =
        "Compares what two profiles spend their time (or values) on: each function's share of\n"
        "the whole before and after, with the 95 % interval of the change, so that noise is\n"
        "told from news. Reads whatever assay report reads.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};
