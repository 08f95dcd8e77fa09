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

enum { OPT_FAIL_ON = 256, OPT_ALLOW_MISSING, DIFF_BUDGETS_MAX = 32 };

static const struct hn_opt opts_table[] = {
    {HN_REPORT_FORMAT, "format", "FORMAT",
     "text, svg, json or folded. Without it, the extension of -o decides; without both, text."},
    {'o', "output", "FILE", "Where to write; '-' or nothing: standard output."},
    {OPT_FAIL_ON, "fail-on", "EXPR",
     "Exit 1 if EXPR holds: 'self(NAME) > LIMIT' or 'total(NAME) > LIMIT', with > >= < <=.\n"
     "NAME may hold * ? [...]; shares of all that match are taken together.\n"
     "LIMIT: +5% the change in points of the whole, 20% the new share, 1.2x new over base.\n"
     "A change counts only if it is more than noise. May be given more than once.\n"
     "Exit 1, too, where nothing was checked: a profile without samples, a NAME that is in\n"
     "neither profile, or one that is gone from NEW (removed, renamed, inlined)."},
    {OPT_ALLOW_MISSING, "allow-missing", NULL,
     "A NAME that is in neither profile, or gone, passes."},
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
    bool allows_missing;
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

    switch (key) {
    case OPT_FAIL_ON:
        return take_budget(opts, request);
    case OPT_ALLOW_MISSING:
        request->allows_missing = true;
        return 0;
    default:
        return hn_report_opts_take(&request->shown, opts, key);
    }
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

/* What the conditions rest on; false if on nothing. */
static bool check_side(const struct pf_sample_count *samples, const char *name)
{
    if (pf_sample_count_is_blank(samples)) {
        (void)fprintf(stderr, "assay diff: %s: no samples: no --fail-on can be checked\n", name);
        return false;
    }
    if (samples->is_assumed)
        (void)fprintf(stderr,
                      "assay diff: %s: does not say how many samples it holds: each of its counts "
                      "is taken for one\n",
                      name);
    return true;
}

/* A gate on a function that is not there watches nothing. */
static bool is_checked(const struct request *request, unsigned index,
                       const struct pf_budget_result *result)
{
    const char *text = request->budget_texts[index];
    const char *remedy =
        request->allows_missing ? "" : ": correct the name, or give --allow-missing";

    if (result->functions == 0)
        (void)fprintf(stderr, "assay diff: --fail-on '%s': no function matches '%s'%s\n", text,
                      request->budgets[index].pattern, remedy);
    else if (result->is_gone)
        (void)fprintf(stderr,
                      "assay diff: --fail-on '%s': '%s' is in no stack of NEW (removed, renamed or "
                      "inlined)%s\n",
                      text, request->budgets[index].pattern, remedy);
    return request->allows_missing || (result->functions > 0 && !result->is_gone);
}

static void say_holds(const char *text, const struct pf_change *change)
{
    (void)fprintf(stderr,
                  "assay diff: --fail-on '%s' holds: %.2f %% was %.2f %% (%+.2f points, "
                  "interval \u00b1%.2f)\n",
                  text, change->now, change->base, change->now - change->base, change->margin);
}

/* Says which conditions hold, and which were not checked; 1 if there is one. */
static int check_budgets(const struct pf_diff *diff, const struct request *request)
{
    const struct pf_sample_counts *samples = &diff->comparison.samples;
    int status = 0;

    if (request->budget_count == 0)
        return 0;
    bool has_base = check_side(&samples->base, diff->base_name);
    bool has_new = check_side(&samples->now, diff->new_name);
    if (!has_base || !has_new)
        return 1;
    for (unsigned i = 0; i < request->budget_count; i++) {
        struct pf_budget_result result =
            pf_budget_check(&request->budgets[i], &diff->paths, *samples);
        if (result.holds)
            say_holds(request->budget_texts[i], &result.change);
        if (!is_checked(request, i, &result) || result.holds)
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
