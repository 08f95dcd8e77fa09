/*
 * The rules for code inside a foreign process, proved: what the handler calls, and that nothing
 * that may hit the agent, its server or its collector at any moment is felt by the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"
#include "tests/integration/record_support.h"
#include "tests/support/command.h"

enum { QUIET_MS = 1500, RED_MS = 500, SERVER_KILLS = 6, KILL_STEP_MS = 20 };

/* A ring holds 1024 events, and no kernel ticks slower than 250 times a second here; a faster tick
 * fills it sooner. */
enum { FULL_RING_CPU_S = 5 };

static const uint64_t minute_ns = 60000000000;

Test(agent_storm, nothing_forbidden_runs_in_the_handler)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine agent -F 2000 -o %s/q.pb.gz -- %s %d", ts_temp_dir(),
               QUIET_BINARY, QUIET_MS);

    cr_expect_eq(result.status, 0, "%d: %s", result.status, ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "noted 0"), "%s", ts_err(&result));
    struct ts_recording recording = ts_recording_load("q.pb.gz");
    cr_expect_geq(recording.summary.samples, 100, "the handler hardly ran");
    cr_expect_gt(ts_total_percent(&recording, "compute"), 10);
    cr_expect_gt(ts_total_percent(&recording, "allocate_print_and_lock"), 10);
    ts_recording_fini(&recording);
    ts_result_fini(&result);
}

Test(agent_storm, a_handler_that_allocates_would_be_noted)
{
    struct ts_result result = ts_run("%s %d red-call", QUIET_BINARY, RED_MS);

    cr_expect_eq(result.status, 3, "%d: %s", result.status, ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "in a handler: malloc"), "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(agent_storm, a_handler_that_makes_a_system_call_would_be_ended)
{
    struct ts_result result = ts_run("%s %d red-system", QUIET_BINARY, RED_MS);

    cr_expect_eq(result.status, 128 + SIGSYS, "%d: %s", result.status, ts_err(&result));
    ts_result_fini(&result);
}

Test(agent_storm, ten_thousand_threads_are_served)
{
    struct pf_child child = ts_workload_start("", "threads 10000");
    struct ts_recording recording =
        ts_record("", child.pid, "--engine agent -F 250 -d 1.5", "many.pb.gz");

    cr_expect_geq(recording.summary.samples, 20, "%s", recording.summary.note);
    cr_expect_eq(recording.summary.lost, 0, "%s", recording.summary.note);
    cr_expect_eq(kill(child.pid, 0), 0);
    ts_recording_fini(&recording);
    ts_stop(&child);
}

/* A little later each time: before, while and after the agent is put in. */
Test(agent_storm, a_server_killed_at_any_moment_ends_the_recording)
{
    for (unsigned round = 0; round < SERVER_KILLS; round++) {
        struct pf_child child = ts_workload_start("", "split 2");
        struct pf_child recording = ts_start(
            "exec \"$ASSAY_BIN\" record --quiet --engine agent -d 600 -p %d -o %s/a%u.pb.gz "
            "2>/dev/null",
            (int)child.pid, ts_temp_dir(), round);

        pf_clock_sleep_ms(round * KILL_STEP_MS); /* the moment, not a wait for something */
        (void)kill(child.pid, SIGKILL);
        cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns), "it hangs");
        int status = pf_child_exit_status(&recording);
        /* Recorded; ended before there was anything (as if it had never been); ended in between. */
        cr_expect(status == 0 || status == 2 || status == 3, "round %u: %d", round, status);
        pf_child_fini(&recording);
        ts_stop(&child);
    }
}

static uint64_t cpu_ticks(pid_t pid)
{
    struct pf_proc_stat stat = {0};

    cr_assert(pf_proc_stat_read(&stat, pid, 0));
    return stat.user_ticks + stat.system_ticks;
}

static void wait_for_cpu(pid_t pid, unsigned seconds)
{
    uint64_t until = cpu_ticks(pid) + seconds * (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    while (cpu_ticks(pid) < until) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "it does not work");
        pf_clock_sleep_ms(10);
    }
}

/* Every sample that falls due is taken or said to be lost, however badly the collector comes to
 * serve: it is stopped for longer than the rings reach. */
Test(agent_storm, samples_lost_to_a_stopped_collector_are_counted)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct pf_child recording =
        ts_start("exec \"$ASSAY_BIN\" record --engine agent -F 10000 -p %d -o %s/stop.pb.gz",
                 (int)child.pid, ts_temp_dir());
    ts_wait_busy(child.pid);
    (void)kill(recording.pid, SIGSTOP);
    wait_for_cpu(child.pid, FULL_RING_CPU_S);
    (void)kill(recording.pid, SIGCONT);
    ts_wait_busy(child.pid);
    (void)kill(recording.pid, SIGINT);
    cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));
    cr_expect_eq(pf_child_exit_status(&recording), 0);

    struct ts_recording read = ts_recording_load("stop.pb.gz");
    double due = (double)read.summary.target_cpu_ns / 1e9 * 10000;
    double got = (double)(read.summary.samples + read.summary.lost);
    cr_expect_gt(read.summary.lost, 0);
    cr_expect_gt(got, due * 0.9, "%.0f of %.0f", got, due);
    cr_expect_lt(got, due * 1.1, "%.0f of %.0f", got, due);
    cr_expect_not_null(strstr(read.summary.note, "came late"), "%s", read.summary.note);
    ts_recording_fini(&read);
    pf_child_fini(&recording);
    ts_stop(&child);
}
