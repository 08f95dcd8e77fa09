/*
 * assay diff: what a new profile spends more and less on than a base.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "harness/cli/opts.h"
#include "harness/cli/report_opts.h"
#include "harness/cli/verbs.h"
#include "profiler/profile/budget.h"
#include "profiler/report/diff.h"
#include "profiler/report/report.h"

enum { OPT_FAIL_ON = 256, DIFF_BUDGETS_MAX = 32 };

static const struct hn_opt opts_table[] = {
    {HN_REPORT_FORMAT, "format", "FORMAT",
     "text, svg, json or folded. Without it, the extension of -o decides; without both, text."},
    {'o', "output", "FILE", "Where to write; '-' or nothing: standard output."},
    {OPT_FAIL_ON, "fail-on", "EXPR",
     "Exit 1 if EXPR holds: 'self(NAME) > LIMIT' or 'total(NAME) > LIMIT', with > >= < <=.\n"
     "NAME may hold * ? [...]; shares of all that match are taken together.\n"
     "LIMIT: +5% the change in points of the whole, 20% the new share, 1.2x new over base.\n"
     "A change counts only if it is more than noise. May be given more than once."},
    {HN_REPORT_VALUE, "value", "TYPE", "Which of the profiles' values to compare: samples, cpu."},
    {HN_REPORT_TOP, "top", "N", "text, json: how many functions (text: 40)."},
    {HN_REPORT_TITLE, "title", "TEXT", "Title of the picture."},
    {HN_REPORT_NO_SYMBOLS, "no-symbols", NULL, "Leave addresses without a name as they are."},
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
    struct hn_report_opts shown;
    struct pf_budget budgets[DIFF_BUDGETS_MAX];
    const char *budget_texts[DIFF_BUDGETS_MAX];
    unsigned budget_count;
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

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct request *request = to;

    return key == OPT_FAIL_ON ? take_budget(opts, request)
                              : hn_report_opts_take(&request->shown, opts, key);
}

static bool load(struct pf_profile *out, const char *path, const struct request *request,
                 struct pf_err *err)
{
    return pf_report_load(out, path, err) && hn_report_opts_name(&request->shown, out, err);
}

static bool compare(struct pf_diff *out, const struct hn_opts *opts, const struct request *request,
                    struct pf_err *err)
{
    struct pf_profile base = {0}, new = {0};

    bool ok = load(&base, opts->operands[0], request, err)
              && load(&new, opts->operands[1], request, err)
              && pf_diff_init(out, &base, &new, request->shown.report.value, err);
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
    const struct hn_report_opts *shown = &request->shown;
    struct pf_diff diff = {0};
    struct pf_err err = {0};
    int status = 0;

    if (compare(&diff, opts, request, &err)
        && pf_diff_save(&diff, shown->format, &shown->report, shown->output, &err))
        status = check_budgets(&diff, request);
    else
        status = hn_opts_fail(opts, &err);
    pf_diff_fini(&diff);
    return status;
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct request request = {.shown.is_diff = true};
    struct hn_opts opts;
    int status = 0;

    hn_opts_init(&opts, verb, argc, argv);
    if (!hn_opts_take(&opts, take_option, &request, &status))
        return status;
    if (opts.operand_count != 2)
        return hn_opts_usage(&opts, "two profiles are compared: BASE and NEW");
    status = hn_report_opts_settle(&request.shown, &opts);
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
