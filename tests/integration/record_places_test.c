/*
 * Code in unusual places: JIT buffers, memory files, deleted binaries, other mount namespaces; and
 * threads that wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/integration/record_support.h"
#include "tests/support/command.h"

/*
 * What has the made code anywhere in its stack: on a crowded machine the kernel is on top of many a
 * sample, that of a thread just switched to.
 */
static void check_jit(const char *arguments, const char *name)
{
    struct pf_child child = ts_workload_start("", arguments);
    struct ts_recording recording = ts_record("", child.pid, "-d 1 -F 499", name);
    char path[64];

    ts_stop(&child);
    (void)snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)child.pid);
    (void)unlink(path);
    cr_expect_geq(ts_total_percent(&recording, "jit_spin"), 90.0, "%.1f %% of %llu samples",
                  ts_total_percent(&recording, "jit_spin"),
                  (unsigned long long)recording.summary.samples);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_null(strstr(recording.summary.note, "restart pending"));
    ts_recording_fini(&recording);
}

Test(record_places, jit_code_is_named_and_unwound_by_frame_pointers)
{
    check_jit("jit 0", "jit.pb.gz");
}

Test(record_places, jit_code_in_a_memory_file)
{
    check_jit("jit 1", "jit-memfd.pb.gz");
}

/* By frame pointers, and by return addresses where a leaf keeps none. */
Test(record_places, code_without_frame_information_has_its_callers_and_says_so)
{
    struct pf_child child = ts_program_start("", BARE_WORKLOAD, "split 1");
    struct ts_recording recording = ts_record("", child.pid, "-d 1 -F 499", "bare.pb.gz");
    struct ts_result stack = ts_run("\"$ASSAY_BIN\" stack -p %d", (int)child.pid);
    struct ts_result text = ts_run("\"$ASSAY_BIN\" report %s/bare.pb.gz", ts_temp_dir());

    ts_stop(&child);
    cr_expect_geq(ts_total_percent(&recording, "burn_for_ever"), 99.0);
    cr_expect_geq(ts_total_percent(&recording, "main"), 99.0);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_geq((double)recording.summary.guessed, 0.9 * (double)recording.summary.samples);
    cr_expect_not_null(strstr(recording.summary.guessed_in, "record_workload_bare"));
    cr_expect_not_null(strstr(ts_out(&text), "of the stacks hold guesses"), "%s", ts_out(&text));
    cr_expect_not_null(strstr(ts_out(&stack), "burn_for_ever"), "%s", ts_out(&stack));
    ts_result_fini(&text);
    ts_result_fini(&stack);
    ts_recording_fini(&recording);
}

static void remove_map(int64_t pid)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/tmp/perf-%lld.map", (long long)pid);
    (void)unlink(path);
}

static void remove_maps(const struct ts_recording *recording)
{
    for (uint32_t i = 0; i < recording->summary.process_count; i++)
        remove_map(recording->summary.processes[i].pid);
}

Test(record_places, jit_code_at_one_address_in_two_processes_has_each_its_name)
{
    struct pf_child child = ts_workload_start("", "twins");
    struct ts_recording recording = ts_record("", child.pid, "-d 1 -F 499", "twins.pb.gz");

    ts_stop(&child);
    remove_maps(&recording);
    double all = (double)recording.summary.samples / 100;
    double parent = (double)ts_label_samples(&recording, "process", "twin-parent") / all;
    double of_child = (double)ts_label_samples(&recording, "process", "twin-child") / all;
    cr_expect_gt(parent, 5.0);
    cr_expect_gt(of_child, 5.0);
    cr_expect_lt(fabs(ts_total_percent(&recording, "jit_of_parent") - parent), 8.0);
    cr_expect_lt(fabs(ts_total_percent(&recording, "jit_of_child") - of_child), 8.0);
    ts_recording_fini(&recording);
}

static struct pf_child start_node(const char *function)
{
    char path[256];
    char arguments[512];

    (void)snprintf(path, sizeof path, "%s/%s.js", ts_temp_dir(), function);
    FILE *script = fopen(path, "w");
    cr_assert_not_null(script);
    (void)fprintf(script,
                  "function %s(n) { let x = 1; for (let i = 0; i < n; i++) x = (x * 31 + i) | 0; "
                  "return x; }\n"
                  "for (let k = 0; k < 2000; k++) %s(1000);\n"
                  "console.log('ready');\nsetImmediate(function spin() { %s(1e7); "
                  "setImmediate(spin); });\n",
                  function, function, function);
    (void)fclose(script);
    (void)snprintf(arguments, sizeof arguments, "--perf-basic-prof %s", path);
    return ts_program_start("", "node", arguments);
}

Test(record_places, two_node_processes_have_each_its_own_names)
{
    struct ts_result node = ts_run("node --version");
    bool has_node = node.status == 0;

    ts_result_fini(&node);
    if (!has_node)
        cr_skip_test("node is not installed");
    struct pf_child one = start_node("work_of_one");
    struct pf_child two = start_node("work_of_two");
    struct ts_result result = ts_run("\"$ASSAY_BIN\" record -p %d,%d -d 1 -F 499 -o %s/node.pb.gz",
                                     (int)one.pid, (int)two.pid, ts_temp_dir());

    ts_stop(&one);
    ts_stop(&two);
    remove_map(one.pid);
    remove_map(two.pid);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    struct ts_recording recording = ts_recording_load("node.pb.gz");
    struct ts_result folded =
        ts_run("\"$ASSAY_BIN\" report --format folded %s/node.pb.gz", ts_temp_dir());
    cr_expect_not_null(strstr(ts_out(&folded), "work_of_one"));
    cr_expect_not_null(strstr(ts_out(&folded), "work_of_two"));
    cr_expect_eq(recording.summary.process_count, 2u);
    ts_result_fini(&folded);
    ts_recording_fini(&recording);
}

static void check_deleted(const char *as, const char *name)
{
    char path[256];
    struct ts_result copied;

    (void)snprintf(path, sizeof path, "%s/deleted-%s", ts_temp_dir(), name);
    copied = ts_run("cp %s %s && chmod 755 %s", ts_workload_path(), path, path);
    ts_result_fini(&copied);
    struct pf_child child = ts_program_start(as, path, "split 1");
    (void)unlink(path);
    struct ts_recording recording = ts_record(as, child.pid, "-d 1 -F 499", name);

    ts_stop(&child);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_geq(ts_self_percent(&recording, "leaf_a"), 30.0);
    cr_expect_not_null(strstr(recording.summary.note, "restart pending"), "%s",
                       recording.summary.note);
    ts_recording_fini(&recording);
}

Test(record_places, a_deleted_binary_is_read_through_its_mapping)
{
    check_deleted("", "deleted.pb.gz");
}

Test(record_places, a_deleted_binary_as_an_ordinary_user)
{
    check_deleted(ts_as_user(), "deleted-user.pb.gz");
}

Test(record_places, a_binary_only_its_mount_namespace_has)
{
    char prefix[512];
    struct ts_result can = ts_run("unshare -m true");
    bool ok = can.status == 0;

    ts_result_fini(&can);
    if (!ok)
        cr_skip_test("a mount namespace needs root");
    struct ts_result made = ts_run("mkdir -p %s/ns", ts_temp_dir());
    ts_result_fini(&made);
    (void)snprintf(
        prefix, sizeof prefix,
        "unshare -m sh -c 'mount -t tmpfs none %s/ns && cp %s %s/ns/inside && exec \"$@\"' sh",
        ts_temp_dir(), ts_workload_path(), ts_temp_dir());
    char path[256];
    (void)snprintf(path, sizeof path, "%s/ns/inside", ts_temp_dir());
    struct pf_child child = ts_program_start(prefix, path, "split 1");
    cr_assert_neq(access(path, F_OK), 0);
    struct ts_recording recording = ts_record("", child.pid, "-d 1 -F 499", "namespace.pb.gz");

    ts_stop(&child);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    cr_expect_geq(ts_self_percent(&recording, "leaf_a"), 30.0);
    ts_recording_fini(&recording);
}

/* Three threads for one length of time: a third each burns, waits for events, waits for a lock. */
static void check_waits(const char *as, const char *name)
{
    struct pf_child child = ts_workload_start(as, "waits");
    struct ts_recording recording = ts_record(as, child.pid, "-d 2 --mode wall", name);
    double third = 100.0 / 3;

    ts_stop(&child);
    cr_expect_str_eq(recording.summary.mode, "wall");
    /* Waits are measured, not sampled; what remains is the edges of the recording (attach, last
     * drain) and, for the one that runs, the error of its samples. */
    cr_expect_lt(fabs(ts_label_percent(&recording, "state", "futex", 1) - third), 3.0);
    cr_expect_lt(fabs(ts_label_percent(&recording, "state", "epoll", 1) - third), 3.0);
    cr_expect_lt(fabs(ts_label_percent(&recording, "state", "running", 1)
                      + ts_label_percent(&recording, "state", "runnable", 1) - third),
                 6.0);
    cr_expect_gt(ts_total_percent(&recording, "wait_for_events"), 10.0);
    cr_expect_gt(ts_total_percent(&recording, "wait_for_lock"), 10.0);
    cr_expect_gt(ts_self_percent(&recording, "[waiting: epoll_wait]"), 10.0);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    ts_recording_fini(&recording);
}

/* A millisecond each, at ten a period: no sample meets one, and their time is in the table. */
static void check_brief(const char *as, const char *name)
{
    struct pf_child child = ts_workload_start(as, "churn 1");
    struct ts_recording recording = ts_record(as, child.pid, "-d 1 --mode wall", name);
    double wall_s = 0, running = ts_label_percent(&recording, "state", "running", 1) / 100;

    ts_stop(&child);
    for (uint32_t i = 0; i < recording.profile.samples.count; i++)
        wall_s += (double)pf_profile_values_view(&recording.profile, i)[1] / 1e9;
    cr_expect_geq(running * wall_s, 0.7 * (double)recording.summary.target_cpu_ns / 1e9,
                  "%.2f of %.2f s", running * wall_s,
                  (double)recording.summary.target_cpu_ns / 1e9);
    ts_recording_fini(&recording);
}

Test(record_places, threads_too_short_to_be_sampled_are_in_the_table_of_time)
{
    check_brief("", "brief.pb.gz");
    check_brief(ts_as_user(), "brief-user.pb.gz");
}

Test(record_places, waiting_threads_are_seen_where_and_how_long_they_wait)
{
    check_waits("", "waits.pb.gz");
}

Test(record_places, waiting_threads_as_an_ordinary_user)
{
    check_waits(ts_as_user(), "waits-user.pb.gz");
}
