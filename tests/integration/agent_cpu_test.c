/*
 * The agent engine: samples from inside a server, preloaded or put in, and the server none the
 * worse.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "tests/integration/record_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

enum { LOAD_SECONDS = 30, STATUS_MAX = 8192, LINE_MAX_BYTES = 128, BUSY_PROCESSES = 40 };

/* A program of some threads and what the agent keeps, and not its gigabytes of shared addresses. */
enum { LEFT_MAX_KIB = 2 << 20 };

static const double rooted_min_percent = 99;
static const uint64_t minute_ns = 60000000000;

static const struct {
    const char *function;
    double percent;
} truth[] = {{"leaf_a", 50}, {"leaf_b", 30}, {"leaf_c", 15}, {"leaf_d", 5}};

/*
 * Four standard errors of a share, and half a point for what is in no leaf: record_accuracy_test.c.
 * How many samples there are is the machine's doing: a program that hardly runs is hardly sampled.
 */
static void expect_split(const struct ts_recording *recording)
{
    double samples = (double)recording->summary.samples;

    cr_expect_str_eq(recording->summary.engine, "agent");
    cr_expect_geq(samples, 30);
    cr_expect_geq(ts_rooted_percent(recording), rooted_min_percent);
    for (unsigned i = 0; i < sizeof truth / sizeof truth[0]; i++) {
        double percent = truth[i].percent;
        double tolerance = 4 * sqrt(percent * (100 - percent) / samples) + 0.5;
        double seen = ts_self_percent(recording, truth[i].function);
        cr_expect_lt(fabs(seen - percent), tolerance, "%s: %.2f %% of %.0f samples",
                     truth[i].function, seen, samples);
    }
}

/* A line of /proc/PID/status, as "SigCgt:". */
static void read_status(pid_t pid, const char *key, char *out)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    cr_assert(pf_file_read(&text, path, STATUS_MAX, &err), "%s", err.text);
    const char *line = strstr(pf_buf_cstr(&text), key);
    cr_assert_not_null(line);
    (void)snprintf(out, LINE_MAX_BYTES, "%.*s", (int)strcspn(line, "\n"), line);
    pf_buf_fini(&text);
}

Test(agent_cpu, a_command_is_sampled_from_its_start)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine agent -F 250 -d 3 -o %s/c.pb.gz -- %s split 2",
               ts_temp_dir(), ts_workload_path());

    struct ts_recording recording = ts_recording_load("c.pb.gz");
    expect_split(&recording);
    ts_recording_fini(&recording);
    ts_result_fini(&result);
}

Test(agent_cpu, a_running_process_is_sampled_and_left_as_it_was)
{
    struct pf_child child = ts_workload_start("", "split 4");
    char caught[2][LINE_MAX_BYTES], threads[2][LINE_MAX_BYTES], size[LINE_MAX_BYTES];

    read_status(child.pid, "SigCgt:", caught[0]);
    read_status(child.pid, "Threads:", threads[0]);
    for (unsigned round = 0; round < 2; round++) {
        struct ts_recording recording =
            ts_record("", child.pid, "--engine agent -F 250 -d 2", "r.pb.gz");
        expect_split(&recording);
        ts_recording_fini(&recording);
    }
    read_status(child.pid, "SigCgt:", caught[1]);
    read_status(child.pid, "Threads:", threads[1]);

    cr_expect_str_eq(caught[0], caught[1], "its signal handlers are others than before");
    cr_expect_str_eq(threads[0], threads[1], "a thread of ours is left in it");
    read_status(child.pid, "VmSize:", size);
    cr_expect_lt(atol(size + strlen("VmSize:")), LEFT_MAX_KIB, "%s", size);
    cr_expect_eq(kill(child.pid, 0), 0);
    ts_stop(&child);
}

/* All CPUs cannot give more than their number of seconds a second. */
Test(agent_cpu, what_was_sampled_while_agents_came_in_is_not_of_the_recording)
{
    struct pf_child shell = ts_start("for i in $(seq %d); do %s split 1 >/dev/null & done; wait",
                                     BUSY_PROCESSES, ts_workload_path());

    ts_wait_busy(shell.pid);
    struct ts_recording recording =
        ts_record("", shell.pid, "--engine agent -F 250 -d 0.3", "early.pb.gz");
    double given_s =
        (double)recording.profile.duration_ns / 1e9 * (double)sysconf(_SC_NPROCESSORS_ONLN);
    double sampled_s = (double)recording.summary.samples / 250;

    cr_expect_leq(sampled_s, given_s * 1.2, "%.2f s of CPU time in %.2f", sampled_s, given_s);
    ts_recording_fini(&recording);
    ts_stop(&shell);
}

static void record_server(enum ts_server_kind kind, bool as_user, const char *name)
{
    struct ts_server server = ts_server_start(kind, as_user);
    struct pf_child load = ts_load_start(&server, LOAD_SECONDS);
    struct ts_recording recording =
        ts_record(as_user ? ts_as_user() : "", server.pid, "--engine agent -F 250 -d 3", name);

    cr_expect_geq(recording.summary.samples, 40);
    cr_expect_geq(ts_rooted_percent(&recording), rooted_min_percent, "%s: %.2f %%, %s in %s", name,
                  ts_rooted_percent(&recording), recording.summary.unrooted[0].reason,
                  recording.summary.unrooted[0].object);
    cr_expect_geq(ts_total_percent(&recording, "main"), rooted_min_percent);
    if (kind == TS_NGINX_4_WORKERS)
        cr_expect_geq(ts_label_numbers(&recording, "pid"), 2, "workers that ran are not seen");
    ts_recording_fini(&recording);
    ts_stop(&load);
    ts_server_stop(&server);
}

Test(agent_cpu, redis_while_it_serves)
{
    record_server(TS_REDIS, false, "redis.pb.gz");
}

Test(agent_cpu, redis_as_an_ordinary_user)
{
    record_server(TS_REDIS, true, "redis-user.pb.gz");
}

Test(agent_cpu, nginx_workers_while_they_serve)
{
    record_server(TS_NGINX_4_WORKERS, false, "nginx.pb.gz");
}

Test(agent_cpu, a_storm_under_samples_ends_well)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine agent -F 1000 -o %s/s.pb.gz -- %s 4", ts_temp_dir(),
               STORM_BINARY);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    cr_expect_not_null(strstr(ts_out(&result), "ok"));
    struct ts_recording recording = ts_recording_load("s.pb.gz");
    cr_expect_geq(recording.summary.samples, 100);
    cr_expect_gt(recording.summary.independent, 0, "it survives the file");
    cr_expect_leq(recording.summary.independent, recording.summary.samples);
    ts_recording_fini(&recording);
    ts_result_fini(&result);
}

Test(agent_cpu, a_storm_that_is_entered_and_left_ends_well)
{
    struct pf_child storm = ts_program_start("", STORM_BINARY, "8");

    for (unsigned round = 0; round < 3; round++) {
        struct ts_result result =
            ts_run("\"$ASSAY_BIN\" record --engine agent -F 1000 -d 1 -p %d -o %s/e%u.pb.gz",
                   (int)storm.pid, ts_temp_dir(), round);
        /* Never found at a safe place is an answer, too: refused, and the storm goes on. */
        cr_expect(result.status == 0 || result.status == 3, "%d: %s", result.status,
                  ts_err(&result));
        ts_result_fini(&result);
    }
    cr_assert(pf_child_wait(&storm, pf_clock_now_ns() + minute_ns));
    cr_expect_eq(pf_child_exit_status(&storm), 0);
    ts_stop(&storm);
}

Test(agent_cpu, a_program_that_uses_sigprof_keeps_its_handler)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine agent -F 250 -o %s/o.pb.gz -- %s 2 own",
               ts_temp_dir(), STORM_BINARY);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
}

static bool handlers_are(pid_t pid, const char *wanted)
{
    char now[LINE_MAX_BYTES];

    read_status(pid, "SigCgt:", now);
    return strcmp(now, wanted) == 0;
}

Test(agent_cpu, sampling_ends_by_itself_when_the_collector_is_killed)
{
    struct pf_child child = ts_workload_start("", "split 1");
    char before[LINE_MAX_BYTES];

    read_status(child.pid, "SigCgt:", before);
    struct pf_child recording = ts_start("exec \"$ASSAY_BIN\" record --engine agent -d 600 -p %d "
                                         "-o %s/k.pb.gz",
                                         (int)child.pid, ts_temp_dir());
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;
    while (handlers_are(child.pid, before)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "sampling does not begin");
        pf_clock_sleep_ms(10);
    }
    (void)kill(recording.pid, SIGKILL);
    cr_assert(pf_child_wait(&recording, deadline_ns));

    while (!handlers_are(child.pid, before)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "sampling does not end");
        pf_clock_sleep_ms(50);
    }
    cr_expect_eq(kill(child.pid, 0), 0);
    pf_child_fini(&recording);
    ts_stop(&child);
}

/* Is there one thread more, and is the one descriptor it sees its own (the list of threads)? */
static bool has_thread_apart(pid_t pid)
{
    struct ts_result result = ts_run("cd /proc/%d/task && for t in *; do [ $t = %d ] || "
                                     "ls $t/fd | wc -l; done",
                                     (int)pid, (int)pid);
    bool is_so = strcmp(ts_out(&result), "1\n") == 0;

    ts_result_fini(&result);
    return is_so;
}

/* Two threads with one table make every use of a descriptor dearer, for a server of one thread. */
Test(agent_cpu, the_agents_thread_shares_no_descriptors)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct pf_child recording = ts_start("exec \"$ASSAY_BIN\" record --quiet --engine agent -d 600 "
                                         "-p %d -o %s/fds.pb.gz",
                                         (int)child.pid, ts_temp_dir());
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    while (!has_thread_apart(child.pid)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "no thread, or one that shares them");
        pf_clock_sleep_ms(10);
    }
    ts_stop(&recording);
    ts_stop(&child);
}

Test(agent_cpu, a_killed_server_leaves_what_was_recorded)
{
    struct pf_child child = ts_workload_start("", "split 2");
    struct pf_child recording = ts_start("exec \"$ASSAY_BIN\" record --engine agent -F 250 -d 600 "
                                         "-p %d -o %s/d.pb.gz",
                                         (int)child.pid, ts_temp_dir());
    char caught[LINE_MAX_BYTES];
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    read_status(child.pid, "SigCgt:", caught);
    while (handlers_are(child.pid, caught) && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(10);
    pf_clock_sleep_ms(500); /* CPU time to be sampled: there must be something to keep */
    (void)kill(child.pid, SIGKILL);
    cr_assert(pf_child_wait(&recording, deadline_ns));
    cr_expect_eq(pf_child_exit_status(&recording), 0);
    struct ts_recording read = ts_recording_load("d.pb.gz");
    cr_expect_gt(read.summary.samples, 0);
    ts_recording_fini(&read);
    pf_child_fini(&recording);
    ts_stop(&child);
}
