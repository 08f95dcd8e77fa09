/*
 * What the options ask for and Criterion's own engine cannot do: refused before a test runs,
 * because left out silently it would make a run green that is not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "harness/runner/criterion_run.h"
#include "harness/runner/test_run.h"

static bool is_refused_tool(const char *under)
{
    return under && strcmp(under, "asan-build") != 0; /* whose words are read in both engines */
}

bool hn_criterion_check(const struct hn_test_config *config, struct pf_err *err)
{
    const struct hn_schedule *schedule = &config->schedule;
    const struct {
        bool is_wanted;
        const char *option, *why;
    } refused[] = {
        {config->leaks, "--leaks", "Criterion does not say in which process a test runs"},
        {is_refused_tool(config->under), "--under", "Criterion does not take the tool's verdict"},
        {schedule->memory_bytes, "--memory", "Criterion knows no limit of memory"},
        {schedule->network_namespace, "--netns", "its workers have threads and cannot leave ours"},
        {schedule->isolate_cwd, "--isolate-cwd", "its workers are started in ours"},
        {schedule->retries, "--retries", "Criterion runs a test once"},
        {schedule->repeat > 1 || schedule->until_fail, "--repeat and --until-fail",
         "Criterion runs a test once"},
        {config->selection.shuffle, "--shuffle", "Criterion's order is that of names"},
        {config->selection.failed_first, "--failed-first", "Criterion's order is that of names"},
        {schedule->show_output, "--no-capture", "output is how a sanitizer's verdict is seen"},
        {config->update_snapshots, "--update-snapshots", "snapshots are not taken"},
        {config->coverage, "--coverage", "Criterion loses what crashed and late tests ran"},
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i].is_wanted)
            return pf_err_set(err, PF_ERR_USAGE, "%s: only with --engine fork (%s)",
                              refused[i].option, refused[i].why);
    return true;
}
