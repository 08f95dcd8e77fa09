/*
 * How a recording ends: by itself, by the user, by force, by the server's end, or before it began.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profiler/attach/proc_tree.h"
#include "profiler/base/clock.h"
#include "tests/integration/record_support.h"
#include "tests/support/command.h"

static const uint64_t minute_ns = 60000000000;

static struct pf_child start_recording(pid_t pid, const char *name)
{
    struct pf_child child = ts_start("exec \"$ASSAY_BIN\" record -p %d -d 600 -F 499 -o %s/%s",
                                     (int)pid, ts_temp_dir(), name);

    ts_wait_recording(child.pid);
    return child;
}

static bool is_there(const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", ts_temp_dir(), name);
    return access(path, F_OK) == 0;
}

/* Wait until the process has used this much CPU time: then there is something to keep. */
static void wait_cpu_ms(pid_t pid, unsigned ms)
{
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;
    struct timespec used;
    clockid_t clock;
    uint64_t first_ns = 0;

    cr_assert_eq(clock_getcpuclockid(pid, &clock), 0);
    do {
        cr_assert_eq(clock_gettime(clock, &used), 0);
        uint64_t used_ns = (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
        first_ns = first_ns ? first_ns : used_ns;
        if (used_ns - first_ns >= ms * UINT64_C(1000000))
            return;
        pf_clock_sleep_ms(5);
    } while (pf_clock_now_ns() < deadline_ns);
    cr_assert_fail("the workload does not run");
}

/* The command of a recording is its only child. */
static void wait_cpu_of_child_ms(pid_t pid, unsigned ms)
{
    struct pf_pid_list tree = {0};

    pf_pid_list_add(&tree, pid);
    pf_proc_tree_grow(&tree);
    cr_assert_eq(tree.count, 2);
    wait_cpu_ms(tree.at[1], ms);
    pf_pid_list_fini(&tree);
}

Test(record_ends, an_interrupt_ends_it_and_keeps_it)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (unsigned i = 0; i < 3; i++) {
        struct pf_child server = ts_workload_start("", "split 1");
        struct pf_child recording = start_recording(server.pid, "stopped.pb.gz");
        wait_cpu_ms(server.pid, 200);
        (void)kill(recording.pid, signals[i]);

        cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));
        cr_expect_eq(pf_child_exit_status(&recording), 0);
        struct ts_recording read = ts_recording_load("stopped.pb.gz");
        cr_expect_gt(read.summary.samples, 0u);
        ts_recording_fini(&read);
        pf_child_fini(&recording);
        ts_stop(&server);
    }
}

Test(record_ends, a_killed_server_leaves_what_was_recorded)
{
    struct pf_child server = ts_workload_start("", "split 2");
    struct pf_child recording = start_recording(server.pid, "killed.pb.gz");

    wait_cpu_ms(server.pid, 200);
    (void)kill(server.pid, SIGKILL);
    cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));

    cr_expect_eq(pf_child_exit_status(&recording), 0);
    struct ts_recording read = ts_recording_load("killed.pb.gz");
    cr_expect_gt(read.summary.samples, 0u);
    cr_expect_gt(ts_self_percent(&read, "leaf_a"), 10.0);
    cr_expect_not_null(strstr(read.summary.note, "ended while it was recorded"));
    ts_recording_fini(&read);
    pf_child_fini(&recording);
    ts_stop(&server);
}

Test(record_ends, a_killed_collector_leaves_the_server_alone_and_no_half_file)
{
    struct pf_child server = ts_workload_start("", "split 2");
    struct pf_child recording = start_recording(server.pid, "none.pb.gz");

    wait_cpu_ms(server.pid, 100);
    (void)kill(recording.pid, SIGKILL);
    cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));

    wait_cpu_ms(server.pid, 100); /* it runs on */
    cr_expect_not(is_there("none.pb.gz"));
    pf_child_fini(&recording);

    /* And can be recorded again. */
    struct ts_recording again = ts_record("", server.pid, "-d 0.5 -F 499", "again.pb.gz");
    cr_expect_gt(again.summary.samples, 0u);
    ts_recording_fini(&again);
    ts_stop(&server);
}

Test(record_ends, a_command_is_recorded_from_its_start_and_its_status_is_ours)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record -F 999 -o %s/command.pb.gz -- %s short 300", ts_temp_dir(),
               ts_workload_path());

    cr_expect_eq(result.status, 7, "%s", ts_err(&result));
    ts_result_fini(&result);
    struct ts_recording recording = ts_recording_load("command.pb.gz");
    cr_expect_gt(recording.summary.samples, 100u);
    cr_expect_gt(ts_total_percent(&recording, "main"), 80.0);
    cr_expect_not_null(strstr(recording.summary.command, "short 300"));
    ts_recording_fini(&recording);
}

/* What a command does about a signal that ends it unless it is ignored. */
static int status_of_command(const char *prefix, const char *signal)
{
    struct ts_result result = ts_run(
        "%s \"$ASSAY_BIN\" record --quiet -o %s/ignored.pb.gz -- sh -c 'kill -%s $$; exit 5'",
        prefix, ts_temp_dir(), signal);
    int status = result.status;

    ts_result_fini(&result);
    return status;
}

Test(record_ends, what_the_user_ignores_the_command_ignores)
{
    cr_expect_eq(status_of_command("", "HUP"), 128 + SIGHUP);
    cr_expect_eq(status_of_command("nohup", "HUP"), 5);
    cr_expect_eq(status_of_command("trap '' INT;", "INT"), 5);
    /* Not what we pass over for ourselves. */
    cr_expect_eq(status_of_command("", "PIPE"), 128 + SIGPIPE);
    cr_expect_eq(status_of_command("", "XFSZ"), 128 + SIGXFSZ);
    cr_expect_eq(status_of_command("trap '' PIPE;", "PIPE"), 5);
}

Test(record_ends, a_recording_under_nohup_goes_on_after_a_hangup)
{
    struct pf_child server = ts_workload_start("", "split 1");
    struct pf_child recording =
        ts_start("exec nohup \"$ASSAY_BIN\" record -p %d -d 600 -F 499 -o %s/nohup.pb.gz",
                 (int)server.pid, ts_temp_dir());

    ts_wait_recording(recording.pid);
    (void)kill(recording.pid, SIGHUP);
    wait_cpu_ms(server.pid, 300);
    cr_expect_not(pf_child_wait(&recording, 0));
    (void)kill(recording.pid, SIGINT);
    cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));
    cr_expect_eq(pf_child_exit_status(&recording), 0);
    struct ts_recording read = ts_recording_load("nohup.pb.gz");
    cr_expect_gt(read.summary.samples, 100u);
    ts_recording_fini(&read);
    pf_child_fini(&recording);
    ts_stop(&server);
}

Test(record_ends, a_command_that_outlives_the_duration_is_ended)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record -d 0.5 -F 499 -o %s/long.pb.gz -- %s split 1", ts_temp_dir(),
               ts_workload_path());

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    cr_expect(is_there("long.pb.gz"));
}

/* How a recording of a command ends that gets SIGINT, alone or with all of its group. */
static int status_when_interrupted(bool is_group)
{
    struct pf_child recording =
        ts_start("exec \"$ASSAY_BIN\" record -F 499 -q -o %s/interrupted.pb.gz -- %s split 1",
                 ts_temp_dir(), ts_workload_path());

    ts_wait_recording(recording.pid);
    wait_cpu_of_child_ms(recording.pid, 100);
    (void)kill(is_group ? -recording.pid : recording.pid, SIGINT);
    cr_assert(pf_child_wait(&recording, pf_clock_now_ns() + minute_ns));
    int status = pf_child_exit_status(&recording);
    struct ts_recording read = ts_recording_load("interrupted.pb.gz");
    cr_expect_gt(read.summary.samples, 0u);
    ts_recording_fini(&read);
    pf_child_fini(&recording);
    return status;
}

Test(record_ends, status_is_the_commands_where_ctrl_c_ends_both)
{
    cr_expect_eq(status_when_interrupted(true), 128 + SIGINT);
    cr_expect_eq(status_when_interrupted(false), 0, "we ended it");
}

struct refusal {
    const char *arguments;
    int status;
    const char *says;
};

Test(record_ends, what_cannot_be_done_is_refused_in_one_line)
{
    static const struct refusal refusals[] = {
        {"", 2, "Give -p PID"},
        {"-p", 2, "-p wants"},
        {"-p x", 2, "-p wants process ids"},
        {"-p 1,,2", 2, "-p wants process ids"},
        {"-p 99999999", 2, "there is no process 99999999"},
        {"-p 2", 3, "no user memory"},
        {"-p $$ -d 0", 2, "-d wants seconds"},
        {"-p $$ -F 0", 2, "-F wants a number"},
        {"-p $$ -o /nonexistent/x.pb.gz", 3, "/nonexistent/x.pb.gz: cannot be written"},
        {"-p $$ -o ''", 2, "-o wants a file's name"},
        {"-p $$ -- true", 2, "not both"},
        {"-p $$ --engine callgrind -d 1", 2, "cannot attach"},
        {"-p $$ --engine callgrind --mode cpu -d 1", 3, "callgrind instructions"},
        {"-p $$ -o x.unknown", 2, "the extension names no format"},
        {"-p $$ --mode instructions --engine perf", 3, "--mode instructions is not available"},
        {"-p $$ -d 0.2 -o /dev/full --format pprof", 3, "/dev/full"},
        {"-- /nonexistent/program", 2, "/nonexistent/program"},
        {"redis-server", 2, "a command to record comes after --"},
    };

    for (unsigned i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(refusals[i].arguments, "-p 2") == 0 && access("/proc/2", F_OK) != 0)
            continue; /* a container does not see the kernel's threads */
        struct ts_result result = ts_run("cd %s && \"$ASSAY_BIN\" record --quiet %s", ts_temp_dir(),
                                         refusals[i].arguments);
        const char *newline = strchr(ts_err(&result), '\n');
        cr_expect_eq(result.status, refusals[i].status, "%s: %d, %s", refusals[i].arguments,
                     result.status, ts_err(&result));
        cr_expect_not_null(strstr(ts_err(&result), refusals[i].says), "%s: %s",
                           refusals[i].arguments, ts_err(&result));
        cr_expect(newline && newline[1] == '\0', "not one line: %s", ts_err(&result));
        ts_result_fini(&result);
    }
    cr_expect_not(is_there("assay.pb.gz"));
}

Test(record_ends, somebody_elses_process_is_refused_by_name)
{
    if (geteuid() != 0)
        cr_skip_test("needs root to have a process of another user");
    struct pf_child server = ts_workload_start("", "split 1");
    struct ts_result result = ts_run("%s \"$ASSAY_BIN\" record -p %d -d 1 -o %s/other.pb.gz",
                                     ts_as_user(), (int)server.pid, ts_temp_dir());

    cr_expect_eq(result.status, 3);
    cr_expect_not_null(strstr(ts_err(&result), "(record_workload)"), "%s", ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "belongs to user root"), "%s", ts_err(&result));
    ts_result_fini(&result);
    ts_stop(&server);
}
