/*
 * The agent's life in processes that exec, start helpers, lose threads or their collector: followed
 * where it can be, said where not, and never felt.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "profiler/attach/proc_tree.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "tests/integration/record_support.h"
#include "tests/support/command.h"

enum { MAPS_MAX = 1 << 20, SHORT_ENOUGH_SAMPLES = 20 };

static const uint64_t minute_ns = 60000000000;
static const char region_name[] = "/memfd:assay-agent";

/* How often a word stands in a process's maps; 0 if the process is gone. */
static unsigned count_in_maps(pid_t pid, const char *word)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err ignored;
    unsigned count = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    if (pf_file_read(&text, path, MAPS_MAX, &ignored))
        for (const char *at = pf_buf_cstr(&text); (at = strstr(at, word)) != NULL; at++)
            count++;
    pf_buf_fini(&text);
    return count;
}

static bool has_in_maps(pid_t pid, const char *word)
{
    return count_in_maps(pid, word) > 0;
}

static void wait_for_region(pid_t pid)
{
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    while (!has_in_maps(pid, region_name)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "the agent does not come");
        pf_clock_sleep_ms(5);
    }
}

/* Record until the program ends, having put the agent into it. */
static struct ts_recording record_running(const char *program, const char *arguments)
{
    struct pf_child child = ts_program_start("", program, arguments);
    struct ts_recording recording =
        ts_record("", child.pid, "--engine agent -F 250 -d 100", "life.pb.gz");

    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + minute_ns), "%s goes on", arguments);
    cr_expect_eq(pf_child_exit_status(&child), 0, "%s: %d", arguments,
                 pf_child_exit_status(&child));
    pf_child_fini(&child);
    return recording;
}

static struct ts_recording record_command(const char *arguments)
{
    struct ts_result result = ts_run("\"$ASSAY_BIN\" record --engine agent -F 250 -o %s/life.pb.gz "
                                     "-- %s %s",
                                     ts_temp_dir(), AGENT_SUBJECT, arguments);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    return ts_recording_load("life.pb.gz");
}

static void expect_both(struct ts_recording *recording, const char *one, const char *other)
{
    cr_expect_gt(ts_total_percent(recording, one), 5, "%s: %.1f %% of %llu", one,
                 ts_total_percent(recording, one), (unsigned long long)recording->summary.samples);
    cr_expect_gt(ts_total_percent(recording, other), 5, "%s: %.1f %% of %llu", other,
                 ts_total_percent(recording, other),
                 (unsigned long long)recording->summary.samples);
    ts_recording_fini(recording);
}

Test(agent_life, a_command_that_execs_itself_is_sampled_before_and_after)
{
    struct ts_recording recording = record_command("exec " AGENT_SUBJECT " after");

    cr_expect_eq(recording.summary.process_count, 1, "one process, one row");
    expect_both(&recording, "burn_before_exec", "burn_after_exec");
}

Test(agent_life, an_exec_that_empties_the_environment_gets_the_agent_put_in)
{
    struct ts_recording recording = record_command("exec-bare " AGENT_SUBJECT " after");

    cr_expect_not_null(strstr(recording.summary.note, "exec took"), "%s", recording.summary.note);
    expect_both(&recording, "burn_before_exec", "burn_after_exec");
}

Test(agent_life, a_running_process_that_execs_itself_is_followed)
{
    struct ts_recording recording = record_running(AGENT_SUBJECT, "exec " AGENT_SUBJECT " after");

    cr_expect_not_null(strstr(recording.summary.note, "exec took"), "%s", recording.summary.note);
    expect_both(&recording, "burn_before_exec", "burn_after_exec");
}

Test(agent_life, a_helper_started_without_fork_handlers_is_found)
{
    struct ts_recording recording = record_running(AGENT_SUBJECT, "spawn");

    cr_expect_eq(ts_label_numbers(&recording, "pid"), 2);
    expect_both(&recording, "burn_in_parent", "burn_in_helper");
}

Test(agent_life, children_forked_later_register_and_their_memory_is_given_back)
{
    enum { MAPPED_MOST = 8, CHILDREN_LEAST = 12 };
    struct pf_child child = ts_workload_start("", "forks 40");
    struct pf_child first = ts_start("exec \"$ASSAY_BIN\" record --engine agent -F 250 -p %d "
                                     "-o %s/forks.pb.gz",
                                     (int)child.pid, ts_temp_dir());
    pid_t last = child.pid;
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    for (unsigned met = 0; met < 2 * CHILDREN_LEAST; pf_clock_sleep_ms(2)) {
        struct pf_pid_list tree = {0};
        pf_pid_list_add(&tree, child.pid);
        pf_proc_tree_grow(&tree);
        met += tree.count > 1 && tree.at[1] != last && has_in_maps(tree.at[1], region_name);
        last = tree.count > 1 ? tree.at[1] : last;
        pf_pid_list_fini(&tree);
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "no children register");
    }
    cr_expect_leq(count_in_maps(first.pid, region_name), MAPPED_MOST);
    (void)kill(first.pid, SIGINT);
    cr_assert(pf_child_wait(&first, deadline_ns));

    struct ts_recording recording = ts_recording_load("forks.pb.gz");
    cr_expect_geq(ts_label_numbers(&recording, "pid"), CHILDREN_LEAST);
    ts_recording_fini(&recording);
    pf_child_fini(&first);
    ts_stop(&child);
}

Test(agent_life, an_exec_to_where_no_agent_can_be_is_said)
{
    struct ts_recording recording = record_running(AGENT_SUBJECT, "exec " AGENT_STATIC);

    cr_expect_not_null(strstr(recording.summary.note, "without the agent"), "%s",
                       recording.summary.note);
    cr_expect_not_null(strstr(recording.summary.note, "static or musl"), "%s",
                       recording.summary.note);
    cr_expect_not_null(strstr(recording.summary.note, "samples cover"), "%s",
                       recording.summary.note);
    cr_expect_gt(ts_total_percent(&recording, "burn_before_exec"), 50);
    ts_recording_fini(&recording);
}

Test(agent_life, the_thread_that_was_borrowed_may_end)
{
    struct ts_recording recording = record_running(AGENT_SUBJECT, "door");

    cr_expect_geq(recording.summary.samples, SHORT_ENOUGH_SAMPLES);
    ts_recording_fini(&recording);
}

Test(agent_life, threads_of_a_few_milliseconds_are_seen)
{
    struct ts_recording recording = record_command("churn 100");

    /* 1 s of CPU time at 250 a second. Every thread goes unseen until it is found, so how many are
     * seen is the machine's affair; that some are not has to be said. */
    const struct pf_summary *summary = &recording.summary;
    double due = (double)summary->target_cpu_ns * 250 / 1e9;
    cr_expect_geq(summary->samples, 20, "%llu samples", (unsigned long long)summary->samples);
    cr_expect((double)summary->samples > due * 0.8 || strstr(summary->note, "samples cover"),
              "%llu of %.0f: %s", (unsigned long long)summary->samples, due, summary->note);
    cr_expect_eq(summary->lost, 0);
    ts_recording_fini(&recording);
}

Test(agent_life, threads_that_block_signals_are_said_to_be_unseen)
{
    struct ts_recording recording = record_running(AGENT_SUBJECT, "blocked");

    cr_expect_lt(ts_total_percent(&recording, "burn_in_helper"), 5);
    cr_expect_not_null(strstr(recording.summary.note, "block signals"), "%s",
                       recording.summary.note);
    ts_recording_fini(&recording);
}

Test(agent_life, a_killed_collector_gives_way_at_once)
{
    struct pf_child child = ts_workload_start("", "split 2");

    for (unsigned round = 0; round < 3; round++) {
        struct pf_child first = ts_start("exec \"$ASSAY_BIN\" record --engine agent -d 600 -p %d "
                                         "-o %s/never%u.pb.gz",
                                         (int)child.pid, ts_temp_dir(), round);
        wait_for_region(child.pid);
        (void)kill(first.pid, SIGKILL);
        cr_assert(pf_child_wait(&first, pf_clock_now_ns() + minute_ns));
        pf_child_fini(&first);

        struct ts_recording recording =
            ts_record("", child.pid, "--engine agent -F 250 -d 0.5", "next.pb.gz");
        cr_expect_gt(recording.summary.samples, 0);
        ts_recording_fini(&recording);
    }
    cr_expect_eq(kill(child.pid, 0), 0);
    ts_stop(&child);
}

Test(agent_life, a_collector_that_lives_does_not_give_way)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct pf_child first = ts_start("exec \"$ASSAY_BIN\" record --engine agent -d 600 -p %d "
                                     "-o %s/first.pb.gz",
                                     (int)child.pid, ts_temp_dir());
    wait_for_region(child.pid);
    (void)kill(first.pid, SIGSTOP); /* lives, though it says nothing */

    struct ts_result result = ts_run("\"$ASSAY_BIN\" record --engine agent -d 0.2 -p %d "
                                     "-o %s/second.pb.gz",
                                     (int)child.pid, ts_temp_dir());
    cr_expect_eq(result.status, 3);
    cr_expect_not_null(strstr(ts_err(&result), "another recording"), "%s", ts_err(&result));
    (void)kill(first.pid, SIGCONT);
    ts_result_fini(&result);
    ts_stop(&first);
    ts_stop(&child);
}

Test(agent_life, a_program_linked_with_the_agent_is_entered_without_loading_anything)
{
    struct ts_result copy = ts_run("cp %s %s/libassay-agent.so", AGENT_LIBRARY, ts_temp_dir());
    char prefix[512];

    cr_assert_eq(copy.status, 0);
    ts_result_fini(&copy);
    (void)snprintf(prefix, sizeof prefix, "env LD_LIBRARY_PATH=%s", ts_temp_dir());
    struct pf_child child = ts_program_start(prefix, AGENT_LINKED, "door 1000");
    cr_assert(has_in_maps(child.pid, "libassay-agent.so"), "it is not linked with the agent");

    struct ts_recording recording =
        ts_record("", child.pid, "--engine agent -F 250 -d 0.7", "linked.pb.gz");
    cr_expect_not(has_in_maps(child.pid, AGENT_LIBRARY), "a second one was loaded");
    cr_expect_not(has_in_maps(child.pid, region_name), "its memory stays when all is over");
    cr_expect_gt(recording.summary.samples, 0);
    ts_recording_fini(&recording);
    ts_stop(&child);
}
