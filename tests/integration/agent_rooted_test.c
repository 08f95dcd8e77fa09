/*
 * The agent engine to the bottom of deep stacks, and what it says of programs that are hard to
 * follow.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/file.h"
#include "tests/integration/record_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

/* Samples for 99 % to mean something; one unrooted stack among few is not held against it. */
enum { SAMPLES_MIN = 40, LOAD_SECONDS = 30 };

static const double rooted_min_percent = 99;

static void expect_rooted(const struct ts_recording *recording, const char *what)
{
    double percent = ts_rooted_percent(recording);
    double unrooted = (double)recording->summary.samples * (1 - percent / 100);

    cr_expect_str_eq(recording->summary.engine, "agent");
    cr_expect_geq(recording->summary.samples, SAMPLES_MIN);
    cr_expect(unrooted < 1.5 || percent >= rooted_min_percent, "%s: %.2f %%, %s in %s", what,
              percent, recording->summary.unrooted[0].reason,
              recording->summary.unrooted[0].object);
}

static struct ts_recording record_command(const char *command, const char *name)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine agent -F 250 -d 2 -o %s/%s -- %s", ts_temp_dir(),
               name, command);

    ts_result_fini(&result);
    return ts_recording_load(name);
}

static void record_workload(const char *what, const char *name)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s %s", ts_workload_path(), what);
    struct ts_recording recording = record_command(command, name);
    expect_rooted(&recording, what);
    cr_expect_geq(ts_total_percent(&recording, "main"), rooted_min_percent);
    ts_recording_fini(&recording);
}

Test(agent_rooted, nine_hundred_frames)
{
    record_workload("deep 900", "deep.pb.gz");
}

Test(agent_rooted, a_recursion_that_takes_megabytes_between_two_samples)
{
    record_workload("dive 300", "dive.pb.gz");
}

/* Some six frames of the interpreter for each of these calls. */
static const char nested_calls[] =
    "class N:\n"
    "    def __init__(s, d): s.d = d\n"
    "    def __repr__(s): return repr(N(s.d - 1)) if s.d else str(sum(range(20000)))\n"
    "while True: repr(N(60))\n";

Test(agent_rooted, python_in_nested_calls)
{
    char path[256], command[512];
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "%s/nested.py", ts_temp_dir());
    struct pf_bytes text = {nested_calls, sizeof nested_calls - 1};
    cr_assert(pf_file_write(path, text, &err), "%s", err.text);
    (void)snprintf(command, sizeof command, "/usr/bin/python3 %s", path);
    struct ts_recording recording = record_command(command, "python.pb.gz");

    expect_rooted(&recording, "python3");
    ts_recording_fini(&recording);
}

/* Its background workers are forked in a signal handler, and live there. */
Test(agent_rooted, postgres_with_all_its_processes)
{
    struct ts_server server = ts_server_start(TS_POSTGRES, true);
    struct pf_child load = ts_load_start(&server, LOAD_SECONDS);

    ts_wait_busy(server.pid);
    struct ts_recording recording =
        ts_record(ts_as_user(), server.pid, "--engine agent -F 250 -d 3", "postgres.pb.gz");
    ts_stop(&load);
    cr_expect_eq(kill(server.pid, 0), 0, "the server ended");
    ts_server_stop(&server);

    expect_rooted(&recording, "postgres");
    cr_expect_null(strstr(recording.summary.note, "without the agent"), "%s",
                   recording.summary.note);
    for (uint32_t i = 1; i < recording.summary.unrooted_count; i++)
        cr_expect(
            strcmp(recording.summary.unrooted[i].object, recording.summary.unrooted[i - 1].object)
                    != 0
                || strcmp(recording.summary.unrooted[i].reason,
                          recording.summary.unrooted[i - 1].reason)
                       != 0,
            "%s is listed twice", recording.summary.unrooted[i].object);
    ts_recording_fini(&recording);
}

/* It has one thread: it cannot use more than the clock shows. */
Test(agent_rooted, cpu_time_of_a_program_that_execs_itself_is_counted_once)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s exec", ts_workload_path());
    struct ts_recording recording = record_command(command, "exec.pb.gz");

    cr_expect_gt(recording.summary.target_cpu_ns, 0);
    cr_expect_leq(recording.summary.target_cpu_ns,
                  recording.profile.duration_ns + recording.profile.duration_ns / 10);
    ts_recording_fini(&recording);
}

Test(agent_rooted, threads_that_have_ended_are_not_said_to_lack_a_timer)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s churn 1", ts_workload_path());
    struct ts_recording recording = record_command(command, "churn.pb.gz");

    cr_expect_null(strstr(recording.summary.note, "ulimit"), "%s", recording.summary.note);
    ts_recording_fini(&recording);
}

/* The loader knows nothing of it, the kernel does. */
Test(agent_rooted, code_made_at_run_time_goes_by_its_name)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s jit 0", ts_workload_path());
    struct ts_recording recording = record_command(command, "jit.pb.gz");

    cr_expect_geq(ts_self_percent(&recording, "jit_spin"), 90);
    ts_recording_fini(&recording);
}

Test(agent_rooted, a_program_replaced_since_it_was_started_is_named_as_it_was)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/split-server", ts_temp_dir());
    struct ts_result copy = ts_run("cp %s %s", ts_workload_path(), path);
    struct pf_child child = ts_program_start("", path, "split 1");
    struct ts_result replace = ts_run("cp /bin/true %s.new && mv %s.new %s", path, path, path);
    struct ts_recording recording =
        ts_record("", child.pid, "--engine agent -F 250 -d 1", "replaced.pb.gz");
    ts_stop(&child);

    cr_expect_not_null(strstr(recording.summary.note, "restart pending"), "%s",
                       recording.summary.note);
    cr_expect_geq(ts_total_percent(&recording, "leaf_a"), 30);
    for (uint32_t i = 0; i < recording.profile.mappings.count; i++)
        cr_expect_null(strstr(
            pf_profile_text(&recording.profile, pf_profile_mapping_at(&recording.profile, i)->file),
            " (deleted)"));
    ts_recording_fini(&recording);
    ts_result_fini(&copy);
    ts_result_fini(&replace);
}

/* Its return addresses are told by the calls before them; what is guessed is said to be. */
Test(agent_rooted, code_without_frame_information_has_its_callers_and_says_so)
{
    struct pf_child child = ts_program_start("", BARE_WORKLOAD, "split 1");
    struct ts_recording recording =
        ts_record("", child.pid, "--engine agent -F 250 -d 2", "bare.pb.gz");

    ts_stop(&child);
    expect_rooted(&recording, "without frame information");
    cr_expect_geq(ts_total_percent(&recording, "burn_for_ever"), rooted_min_percent);
    cr_expect_geq(ts_total_percent(&recording, "main"), rooted_min_percent);
    cr_expect_geq((double)recording.summary.guessed, 0.9 * (double)recording.summary.samples);
    ts_recording_fini(&recording);
}
