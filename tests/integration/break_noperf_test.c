/*
 * Where the kernel refuses perf events: recordings are made by the agent and say why; what needs
 * perf events says so and leaves the server alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "tests/integration/record_support.h"
#include "tests/support/command.h"

static const double rooted_min_percent = 99;

static void expect_fallback(struct ts_result *result, const char *name)
{
    cr_assert_eq(result->status, 0, "%s", ts_err(result));
    cr_expect_not_null(
        strstr(ts_err(result), "agent engine used because perf events are not permitted"), "%s",
        ts_err(result));

    struct ts_recording recording = ts_recording_load(name);
    cr_expect_str_eq(recording.summary.engine, "agent");
    cr_expect_not_null(strstr(recording.summary.note, "perf events are not permitted"));
    cr_expect_not_null(strstr(recording.summary.note, "time in the kernel shows"), "cut off: %s",
                       recording.summary.note);
    cr_expect_geq(recording.summary.samples, 20);
    cr_expect_geq(ts_rooted_percent(&recording), rooted_min_percent);
    cr_expect_gt(ts_total_percent(&recording, "leaf_a"), 0);
    ts_recording_fini(&recording);
}

static void record_running(const char *prefix, const char *name)
{
    struct pf_child child = ts_workload_start(prefix, "split 2");
    struct ts_result result = ts_run("%s %s \"$ASSAY_BIN\" record -p %d -F 250 -d 1 -o %s/%s",
                                     prefix, DENY_PERF, (int)child.pid, ts_temp_dir(), name);

    expect_fallback(&result, name);
    cr_expect_eq(kill(child.pid, 0), 0, "the server ended");
    ts_result_fini(&result);
    ts_stop(&child);
}

Test(break_noperf, running_server_is_recorded_by_the_agent_and_the_reason_told)
{
    record_running("", "a.pb.gz");
}

Test(break_noperf, ordinary_user_records_the_own_server_by_the_agent)
{
    record_running(ts_as_user(), "b.pb.gz");
}

Test(break_noperf, command_is_recorded_by_the_agent_as_an_ordinary_user)
{
    struct ts_result result =
        ts_run("%s %s \"$ASSAY_BIN\" record -F 250 -d 1 -o %s/c.pb.gz -- %s split 2", ts_as_user(),
               DENY_PERF, ts_temp_dir(), ts_workload_path());

    /* Ended by us at -d: its status is of SIGTERM's, or it was left. Judged by the recording. */
    if (result.status == 128 + SIGTERM)
        result.status = 0;
    expect_fallback(&result, "c.pb.gz");
    ts_result_fini(&result);
}

static void expect_refusal(const char *arguments, const char *words)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct ts_result maps;
    struct ts_result result =
        ts_run("%s \"$ASSAY_BIN\" %s -p %d", DENY_PERF, arguments, (int)child.pid);

    cr_expect_eq(result.status, 3, "%s: %d: %s", arguments, result.status, ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), words), "%s", ts_err(&result));
    maps = ts_run("grep -c libassay-agent /proc/%d/maps", (int)child.pid);
    cr_expect_eq(maps.status, 1, "%s: the agent was put in for nothing", arguments);
    ts_result_fini(&maps);
    ts_result_fini(&result);
    ts_stop(&child);
}

Test(break_noperf, what_needs_perf_events_says_so_and_puts_nothing_in)
{
    expect_refusal("record --engine perf -d 1 -o /dev/null --format text",
                   "perf events are not permitted");
    expect_refusal("record --mode wall -d 1 -o /dev/null --format text",
                   "perf events are not permitted");
    /* The agent knows nothing of waiting. */
    expect_refusal("record --mode wall -d 1 -o /dev/null --format text",
                   "or record CPU time alone (--mode cpu), which the agent can");
    expect_refusal("top -n 1 -d 0.2", "perf events are not permitted");
}
