/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/coverage.h"
#include "harness/runner/criterion_run.h"
#include "harness/runner/ctest_discover.h"
#include "harness/runner/history.h"
#include "harness/runner/json_events.h"
#include "harness/runner/left_files.h"
#include "harness/runner/live_view.h"
#include "harness/runner/plan_load.h"
#include "harness/runner/snapshots_obsolete.h"
#include "harness/runner/temp_dir.h"
#include "harness/runner/test_choose.h"
#include "harness/runner/test_load.h"
#include "harness/runner/test_report.h"
#include "harness/runner/test_special.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum { PATH_SIZE = 4096, WRITTEN_SHOWN = 20 };

static bool add_binaries(struct hn_plan *plan, const struct hn_test_config *config,
                         struct pf_err *err)
{
    if (!config->binary_count)
        return hn_ctest_discover(plan, config->build_dir, err);
    for (int i = 0; i < config->binary_count; i++)
        hn_plan_add_binary(plan, config->binaries[i], NULL);
    return true;
}

/* Every report that was asked for is tried, and the first that fails is told. */
static bool write_reports(const struct hn_test_config *config, const struct hn_plan *plan,
                          const struct hn_tally *tally, const struct hn_run_info *info,
                          struct pf_err *err)
{
    const struct {
        const char *path;
        hn_test_writer writer;
    } reports[] = {
        {config->junit, hn_write_junit},
        {config->tap, hn_write_tap},
        {config->html, hn_write_test_html},
        {config->github ? "-" : NULL, hn_write_github},
    };
    struct pf_err later = {0};
    bool ok = true;

    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++)
        if (reports[i].path
            && !hn_report_write(reports[i].path, reports[i].writer, plan, tally, info,
                                ok ? err : &later))
            ok = false;
    return ok;
}

/* Hours of tests whose report nobody can write were run for nothing: try before. */
static bool check_outputs(const struct hn_test_config *config, struct pf_err *err)
{
    const char *const paths[] = {config->junit, config->tap, config->json, config->html};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i] && strcmp(paths[i], "-") != 0 && !pf_new_file_check(paths[i], err))
            return pf_err_prepend(err, "no test was run, for a report");
    return true;
}

/* Stdout carries one thing: where a report goes there, the summary does not. */
static bool is_stdout_taken(const struct hn_test_config *config)
{
    const char *const paths[] = {config->junit, config->tap, config->json, config->html};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i] && strcmp(paths[i], "-") == 0)
            return true;
    return false;
}

static bool print_summary(const struct hn_test_config *config, const struct hn_plan *plan,
                          const struct hn_tally *tally, struct pf_err *err)
{
    struct hn_summary_style style = {config->color, config->quiet, config->slowest};
    struct pf_sink sink;
    int fd = is_stdout_taken(config) ? STDERR_FILENO : STDOUT_FILENO;

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    hn_test_put_seed(&sink, config);
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
    bool red = has_bad_binary(plan) || plan->obsolete_is_red;

    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        red |= tally->by_status[i] && hn_status_is_red((enum hn_status)i);
    return red || hn_test_is_empty_run(config, plan, err);
}

/* What was recorded of the tests, a file each. */
static bool write_profiles(const struct hn_test_config *config, struct hn_plan *plan,
                           struct hn_loaded *suites, struct pf_err *err)
{
    char dir[PATH_SIZE];

    if (!hn_test_is_profiled(config))
        return true;
    hn_under_profile_place(dir, sizeof dir, config->profile_dir,
                           config->html ? config->html : config->junit);
    return hn_under_profile_stop(&suites->profile, err)
           && hn_under_profile_write(&suites->profile, plan, dir, config->save_profile, err);
}

static bool is_fork(const struct hn_test_config *config)
{
    return strcmp(config->engine, "criterion") != 0;
}

/* The run itself, and what it left where it ran. */
static bool run_engine(struct hn_loaded *suites, struct hn_plan *plan,
                       const struct hn_schedule *schedule, struct hn_tally *tally,
                       struct pf_err *err)
{
    struct hn_left_files before = {0};
    bool ok;

    hn_left_files_remember(&before, plan);
    if (is_fork(suites->config)) {
        ok = hn_schedule_run(plan, suites->at, schedule, tally, err);
    } else {
        hn_loaded_stop(suites);
        ok = hn_criterion_run(plan, suites->preload, schedule, tally, err);
    }
    hn_left_files_find(&before, plan);
    hn_left_files_fini(&before);
    return ok;
}

/* What is new beside the sources wants to be looked at, and committed. */
static void tell_written(const struct hn_snapshot_book *book)
{
    for (size_t i = 0; i < book->written_count && i < WRITTEN_SHOWN; i++)
        (void)fprintf(stderr, "assay test: %s\n", book->written[i]);
    if (book->written_count > WRITTEN_SHOWN)
        (void)fprintf(stderr, "assay test: ... and %zu snapshots more\n",
                      book->written_count - WRITTEN_SHOWN);
}

/* Where nothing else judges memory, torture asks the agent. */
static void place_agent(struct hn_schedule *schedule, const struct hn_test_config *config,
                        struct hn_loaded *suites)
{
    if (suites->tool.name || hn_test_is_profiled(config))
        return;
    schedule->leaks = &suites->leaks;
    schedule->agent = HN_AGENT_IN_TORTURE;
    if (!suites->has_agent)
        return;
    schedule->agent = HN_AGENT_EVERYWHERE;
    schedule->time_factor = HN_AGENT_FACTOR;
    schedule->run_flags |= HN_WIRE_RUN_LEAKS;
}

/* The run between its listeners. */
static bool run_with_listeners(const struct hn_test_config *config, struct hn_plan *plan,
                               struct hn_loaded *suites, const struct hn_run_info *info,
                               struct hn_tally *tally, struct pf_err *err)
{
    struct hn_schedule schedule = config->schedule;
    struct hn_live_view view;
    struct hn_json_events json;

    if (schedule.no_stacks)
        schedule.run_flags |= HN_WIRE_RUN_NO_STACKS;
    if (suites->tool.name) {
        schedule.tool = &suites->tool;
        schedule.time_factor = suites->tool.time_factor;
        schedule.run_flags |= suites->tool.is_valgrind ? HN_WIRE_RUN_NO_STACKS : 0;
        schedule.run_flags |= strcmp(suites->tool.name, "memcheck") == 0 ? HN_WIRE_RUN_LEAKS : 0;
    }
    struct hn_snapshot_book book = {0};
    struct hn_snapshots snapshots = {config->update_snapshots, config->ci,
                                     is_fork(config) ? &book : NULL};
    schedule.snapshots = &snapshots;
    schedule.start_special = hn_start_special;
    schedule.special_self = suites;
    place_agent(&schedule, config, suites);
    schedule.callgrind = &suites->callgrind;
    schedule.keep_output = config->junit || config->json || config->tap || config->html;
    if (config->json) {
        if (!hn_json_open(&json, config->json, err))
            return false;
        schedule.listener = &json.listener;
        hn_json_run_start(&json, plan, info);
    }
    hn_live_init(&view, plan, config->color);
    if (config->live) {
        view.listener.next = schedule.listener;
        schedule.listener = &view.listener;
    }
    bool ok = run_engine(suites, plan, &schedule, tally, err);
    if (ok)
        hn_snapshots_find_obsolete(plan, &snapshots);
    if (config->live)
        hn_live_end(&view);
    if (!config->quiet)
        tell_written(&book);
    hn_snapshot_book_fini(&book);
    ok = ok && write_profiles(config, plan, suites, err);
    if (config->json) {
        if (ok)
            hn_json_profiles(&json, plan);
        ok = (!ok || hn_json_run_end(&json, plan, tally, err)) && ok;
        hn_json_close(&json);
    }
    return ok;
}

/* A history that cannot be kept is a pity, not a failure of the tests. */
static void save_history(const struct hn_test_config *config, const struct hn_plan *plan)
{
    struct pf_err err = {0};

    if (config->history && !hn_history_save(plan, config->history, &err) && !config->quiet)
        (void)fprintf(stderr, "assay test: durations are not remembered: %s\n", err.text);
}

/* The counters lie beside the object files: below CTest's directory, else the first binary's. */
static bool report_coverage(const struct hn_test_config *config, const struct hn_plan *plan,
                            struct pf_err *err)
{
    char objects[PATH_SIZE];

    (void)snprintf(objects, sizeof objects, "%s",
                   config->build_dir ? config->build_dir : plan->binaries[0].path);
    char *slash = strrchr(objects, '/');
    if (!config->build_dir && slash)
        *slash = '\0';
    return hn_coverage_report(objects, ".", config->coverage_dir, err);
}

/* The tests, recorded if asked for. */
static bool run_recorded(const struct hn_test_config *config, struct hn_plan *plan,
                         struct hn_loaded *suites, const struct hn_run_info *info,
                         struct hn_tally *tally, struct pf_err *err)
{
    if (hn_test_is_profiled(config)
        && !hn_under_profile_start(&suites->profile, suites->at, plan->binary_count, err))
        return false;
    return run_with_listeners(config, plan, suites, info, tally, err);
}

static bool has_only_skips(const struct hn_tally *tally)
{
    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        if (i != HN_SKIP && tally->by_status[i])
            return false;
    return tally->by_status[HN_SKIP] > 0;
}

static int run_plan(const struct hn_test_config *config, struct hn_plan *plan,
                    struct hn_loaded *suites, struct pf_err *err)
{
    struct hn_tally tally;
    struct hn_run_info info = {
        .started_wall_ns = pf_clock_wall_ns(),
        .command = config->command ? config->command : "",
        .engine = config->engine,
        .seed = config->selection.shuffle ? config->selection.seed : 0,
        .junit_strict = config->junit_strict,
        .html = config->html,
    };

    if (config->coverage && !hn_coverage_check(plan, err))
        return pf_err_exit_status(err->code);
    if (!hn_test_choose(config, plan, &info.shard, err))
        return pf_err_exit_status(err->code);
    if (config->list)
        return hn_test_print_list(config, plan, err);
    if (!check_outputs(config, err) || !run_recorded(config, plan, suites, &info, &tally, err))
        return pf_err_exit_status(err->code);
    save_history(config, plan);
    bool ok = print_summary(config, plan, &tally, err);
    if (config->coverage && !report_coverage(config, plan, err))
        return pf_err_exit_status(err->code);
    if (!write_reports(config, plan, &tally, &info, err) || !ok)
        return pf_err_exit_status(err->code);
    if (tally.interrupted) {
        (void)pf_err_set(err, PF_ERR_INTERRUPTED, "interrupted: what had run is reported");
        return 3;
    }
    if (is_red(plan, &tally, config, err))
        return 1;
    return has_only_skips(&tally) ? config->skip_status : 0;
}

int hn_test_run(const struct hn_test_config *config, struct pf_err *err)
{
    struct hn_plan plan = {0};
    struct hn_loaded suites = {.plan = &plan, .config = config};

    /* Tests start with 0, 1, 2 and what their own libraries open, whatever we were started with. */
    (void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    bool ok = add_binaries(&plan, config, err) && hn_test_load(&suites, &plan, err);
    int status = ok ? run_plan(config, &plan, &suites, err) : pf_err_exit_status(err->code);
    hn_loaded_fini(&suites);
    hn_plan_fini(&plan);
    return status;
}
