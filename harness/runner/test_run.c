/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/runner/load.h"
#include "harness/runner/test_report.h"
#include "profiler/base/clock.h"

enum { LOAD_SECONDS = 30, PATH_SIZE = 4096 };

static bool add_binaries(struct hn_plan *plan, const struct hn_test_config *config,
                         struct pf_err *err)
{
    for (int i = 0; i < config->binary_count; i++)
        hn_plan_add_binary(plan, config->binaries[i], NULL);
    if (!plan->binary_count)
        return pf_err_set(err, PF_ERR_USAGE, "no test binary given");
    return true;
}

static bool write_reports(const struct hn_test_config *config, const struct hn_plan *plan,
                          const struct hn_tally *tally, const struct hn_run_info *info,
                          struct pf_err *err)
{
    bool ok = true;

    if (config->junit)
        ok = hn_report_write(config->junit, hn_write_junit, plan, tally, info, err) && ok;
    return ok;
}

static bool print_summary(const struct hn_test_config *config, const struct hn_plan *plan,
                          const struct hn_tally *tally, struct pf_err *err)
{
    struct hn_summary_style style = {config->color, config->quiet, config->slowest};
    struct pf_sink sink;
    int fd = STDOUT_FILENO;

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    hn_write_summary(&sink, plan, tally, &style);
    bool ok = pf_sink_finish(&sink, err);
    pf_sink_fini(&sink);
    return ok;
}

static bool has_bad_binary(const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            return true;
    return false;
}

static bool is_red(const struct hn_plan *plan, const struct hn_tally *tally,
                   const struct hn_test_config *config, struct pf_err *err)
{
    bool red = has_bad_binary(plan);

    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        red |= tally->by_status[i] && hn_status_is_red((enum hn_status)i);
    if (!plan->order_count && !red && !config->allow_empty) {
        (void)pf_err_set(err, PF_ERR_NONE,
                         "no test ran: %u found, none chosen (--allow-empty makes this fine)",
                         plan->test_count);
        return true;
    }
    return red;
}

static int run_plan(const struct hn_test_config *config, struct hn_plan *plan,
                    struct hn_suite *suites, struct pf_err *err)
{
    struct hn_tally tally;
    struct hn_run_info info = {
        .started_wall_ns = pf_clock_wall_ns(),
        .command = config->command,
        .engine = config->engine,
        .seed = config->selection.shuffle ? config->selection.seed : 0,
    };

    hn_select(plan, &config->selection);
    if (!hn_schedule_run(plan, suites, &config->schedule, &tally, err)
        || !print_summary(config, plan, &tally, err)
        || !write_reports(config, plan, &tally, &info, err))
        return pf_err_exit_status(err->code);
    if (tally.interrupted) {
        (void)pf_err_set(err, PF_ERR_INTERRUPTED, "interrupted: what had run is reported");
        return 3;
    }
    return is_red(plan, &tally, config, err) ? 1 : 0;
}

int hn_test_run(const struct hn_test_config *config, struct pf_err *err)
{
    struct hn_plan plan = {0};
    struct hn_suite *suites = NULL;
    char preload[PATH_SIZE];
    struct hn_load_spec load = {
        .preload = preload, .engine = config->engine, .deadline_s = LOAD_SECONDS};
    int status = 3;

    bool ok = hn_preload_find(preload, sizeof preload, "libassay-runner.so", err)
              && add_binaries(&plan, config, err);
    if (ok) {
        suites = pf_mem_new(plan.binary_count, sizeof *suites);
        ok = hn_plan_load(&plan, suites, &load, err);
    }
    status = ok ? run_plan(config, &plan, suites, err) : pf_err_exit_status(err->code);
    for (uint32_t i = 0; suites && i < plan.binary_count; i++)
        hn_suite_stop(&suites[i]);
    free(suites);
    hn_plan_fini(&plan);
    return status;
}
