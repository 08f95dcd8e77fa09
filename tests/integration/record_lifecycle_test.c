/*
 * Processes and threads that come, go, multiply and change while they are recorded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "tests/integration/record_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

static struct ts_recording record_workload(const char *arguments, const char *options,
                                           const char *name)
{
    struct pf_child child = ts_workload_start("", arguments);
    struct ts_recording recording = ts_record("", child.pid, options, name);

    ts_stop(&child);
    return recording;
}

Test(record_lifecycle, a_thread_every_few_milliseconds_is_seen)
{
    struct ts_recording recording = record_workload("churn 10", "-d 1 -F 999", "churn.pb.gz");
    double sampled_s = (double)recording.summary.samples / 999;
    double used_s = (double)recording.summary.target_cpu_ns / 1e9;

    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_geq(ts_total_percent(&recording, "burn_a_while"), 90.0);
    /* A thread's last part of a period has no sample: half a period of each ten on average. */
    cr_expect_geq(sampled_s / used_s, 0.85, "%.2f of %.2f s", sampled_s, used_s);
    ts_recording_fini(&recording);
}

static double sampled_share(const struct ts_recording *recording, double frequency_hz)
{
    const struct pf_summary *summary = &recording->summary;

    return (double)(summary->samples + summary->lost) / frequency_hz
           / ((double)summary->target_cpu_ns / 1e9);
}

/* A millisecond each, at two a period: events of their own would sample none of them. */
Test(record_lifecycle, threads_shorter_than_a_period_are_seen_where_whole_cpus_may_be)
{
    struct ts_recording recording = record_workload("churn 1", "-d 1 -F 499", "short.pb.gz");

    if (geteuid() != 0) {
        ts_recording_fini(&recording);
        cr_skip_test("whole CPUs are root's");
    }
    cr_expect(strstr(recording.summary.note, "whole CPUs sampled since second"), "%s",
              recording.summary.note);
    cr_expect_not(strstr(recording.summary.note, "raise -F"), "%s", recording.summary.note);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_geq(sampled_share(&recording, 499), 0.7);
    cr_expect_leq(sampled_share(&recording, 499), 1.2);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, threads_shorter_than_a_period_are_told_of_where_they_are_not_seen)
{
    struct pf_child child = ts_workload_start(ts_as_user(), "churn 1");
    struct ts_recording recording =
        ts_record(ts_as_user(), child.pid, "-d 1 -F 499", "short-user.pb.gz");

    ts_stop(&child);
    cr_expect(strstr(recording.summary.note, "threads ended without a sample: raise -F"), "%s",
              recording.summary.note);
    ts_recording_fini(&recording);
}

/* At 99 Hz nothing is sampled at all, and that is neither idleness nor the kernel's share. */
Test(record_lifecycle, what_is_too_short_to_be_sampled_is_called_so)
{
    struct pf_child child = ts_workload_start(ts_as_user(), "churn 1");
    struct ts_recording recording = ts_record(ts_as_user(), child.pid, "-d 1", "unseen.pb.gz");
    const char *share = strstr(recording.summary.note, "the kernel's share, about ");
    struct ts_result report = ts_run("assay report %s/unseen.pb.gz", ts_temp_dir());

    ts_stop(&child);
    cr_expect(strstr(recording.summary.note, "of the CPU time that could be seen"), "%s",
              recording.summary.note);
    cr_expect(!share || atoi(share + strlen("the kernel's share, about ")) < 90, "%s", share);
    cr_expect_not(strstr(ts_out(&report), "no CPU time was used"), "%s", ts_out(&report));
    ts_result_fini(&report);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, threads_beyond_the_limit_of_descriptors_are_seen_where_whole_cpus_may_be)
{
    if (geteuid() != 0)
        cr_skip_test("whole CPUs are root's");
    struct pf_child child = ts_workload_start("", "threads 150");
    struct ts_recording recording =
        ts_record("ulimit -n 200 &&", child.pid, "-d 1 -F 999", "beyond.pb.gz");

    ts_stop(&child);
    cr_expect(strstr(recording.summary.note, "more threads than descriptors"), "%s",
              recording.summary.note);
    cr_expect_geq(sampled_share(&recording, 999), 0.8);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, the_cost_is_measured_and_plausible)
{
    struct ts_recording slow = record_workload("split 1", "-d 1 -F 49", "slow.pb.gz");
    struct ts_recording fast = record_workload("split 1", "-d 1 -F 3999", "fast.pb.gz");

    /* Unknown (-1) only where the machine did not let itself be measured. An interrupt of 1 to 50
     * microseconds, 4000 a second, and a collector that has less than the machine. */
    if (slow.summary.cost_percent < 0 || fast.summary.cost_percent < 0)
        cr_log_warn("the cost of an interrupt could not be measured");
    else {
        cr_expect_gt(fast.summary.cost_percent, 0.4);
        cr_expect_lt(fast.summary.cost_percent, 70.0);
        cr_expect_lt(slow.summary.cost_percent, fast.summary.cost_percent);
    }
    ts_recording_fini(&slow);
    ts_recording_fini(&fast);
}

Test(record_lifecycle, a_server_that_execs_itself_stays_named)
{
    struct ts_recording recording = record_workload("exec 0", "-d 1 -F 999", "exec.pb.gz");

    cr_expect_eq(recording.summary.process_count, 1u);
    cr_expect_geq(ts_total_percent(&recording, "do_exec"), 85.0);
    /* What is sampled inside execve(2) has no user stack any more. */
    cr_expect_geq(ts_rooted_percent(&recording), 98.0);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, children_that_come_and_go_are_counted_each)
{
    struct ts_recording recording = record_workload("forks 20", "-d 1 -F 999", "forks.pb.gz");

    cr_expect_geq(recording.summary.process_count, 5u);
    cr_expect_geq(ts_total_percent(&recording, "do_forks"), 95.0);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, children_can_be_left_out)
{
    struct ts_recording recording =
        record_workload("forks 20", "-d 1 -F 499 --children=no", "no-children.pb.gz");

    cr_expect_leq(recording.summary.process_count, 1u);
    cr_expect_lt(ts_total_percent(&recording, "burn_ms"), 1.0);
    ts_recording_fini(&recording);
}

static bool may_choose_pids(void)
{
    /* Anybody may open it; writing needs rights. */
    return geteuid() == 0 && access("/proc/sys/kernel/ns_last_pid", W_OK) == 0;
}

Test(record_lifecycle, processes_that_share_one_id_are_not_mixed_up)
{
    if (!may_choose_pids())
        cr_skip_test("choosing process ids needs root");
    struct ts_recording recording = record_workload("reuse", "-d 1 -F 999", "reuse.pb.gz");

    int64_t odd = ts_label_samples(&recording, "process", "reuse-odd");
    int64_t even = ts_label_samples(&recording, "process", "reuse-even");
    cr_expect_gt(odd, 0);
    cr_expect_gt(even, 0);
    /* Each kind has its own leaf, so the leaves' shares are the kinds' but for fork and exit. */
    double all = (double)recording.summary.samples / 100;
    cr_expect_lt(ts_self_percent(&recording, "leaf_a") - (double)odd / all, 1.0);
    cr_expect_lt(ts_self_percent(&recording, "leaf_d") - (double)even / all, 1.0);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, ten_thousand_threads)
{
    struct ts_result can = ts_run("timeout 20 %s threads 10000 > %s/can & pid=$!; "
                                  "while kill -0 $pid 2>/dev/null && ! [ -s %s/can ]; do "
                                  "sleep 0.05; done; [ -s %s/can ]; ok=$?; kill $pid; exit $ok",
                                  ts_workload_path(), ts_temp_dir(), ts_temp_dir(), ts_temp_dir());
    bool ok = can.status == 0;

    ts_result_fini(&can);
    if (!ok)
        cr_skip_test("ten thousand threads are more than may be had here");
    struct ts_recording recording = record_workload("threads 10000", "-d 1 -F 499", "many.pb.gz");

    cr_expect_gt(ts_self_percent(&recording, "leaf_a"), 35.0);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, stacks_larger_than_the_first_copy_are_whole_after_all)
{
    struct ts_recording recording = record_workload("deep 35", "-d 2 -F 499", "deep.pb.gz");

    /* 35 KiB of stack: cut at 32, whole at 60; the first few samples pay for learning it. */
    cr_expect_geq(ts_rooted_percent(&recording), 95.0);
    ts_recording_fini(&recording);
}

Test(record_lifecycle, stacks_too_large_for_any_copy_are_counted)
{
    struct ts_recording recording = record_workload("deep 100", "-d 1 -F 499", "deeper.pb.gz");

    cr_expect_gt(recording.summary.truncated, recording.summary.samples / 2);
    cr_assert_gt(recording.summary.unrooted_count, 0u);
    cr_expect_str_eq(recording.summary.unrooted[0].reason, "stack larger than the copy");
    ts_recording_fini(&recording);
}

Test(record_lifecycle, two_servers_at_once)
{
    struct pf_child one = ts_workload_start("", "split 1");
    struct pf_child two = ts_workload_start("", "split 1");
    struct ts_result result = ts_run("\"$ASSAY_BIN\" record -p %d,%d -d 1 -F 499 -o %s/two.pb.gz",
                                     (int)one.pid, (int)two.pid, ts_temp_dir());

    ts_stop(&one);
    ts_stop(&two);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    struct ts_recording recording = ts_recording_load("two.pb.gz");
    cr_expect_eq(recording.summary.process_count, 2u);
    ts_recording_fini(&recording);
}
