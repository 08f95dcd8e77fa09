/*
 * Little room for us: few descriptors, few addresses, no file may grow. One line says which limit.
 * Collectors killed at any moment: the server lives on and can be recorded again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/record_support.h"
#include "tests/support/command.h"

enum { KILLS = 20 };

static void expect_limit(const char *limit, const char *options, const char *words)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct ts_result result = ts_run("mkdir %s/o && cd %s/o && ulimit %s && exec \"$ASSAY_BIN\" "
                                     "record --quiet %s -p %d -d 0.3 -o l.pb.gz",
                                     ts_temp_dir(), ts_temp_dir(), limit, options, (int)child.pid);
    struct ts_result left = ts_run("ls %s/o", ts_temp_dir());
    const char *newline = strchr(ts_err(&result), '\n');

    cr_expect_eq(result.status, 3, "ulimit %s: %d: %s", limit, result.status, ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), words), "%s", ts_err(&result));
    cr_expect(newline && newline[1] == '\0', "not one line: %s", ts_err(&result));
    cr_expect_str_empty(ts_out(&left), "left behind: %s", ts_out(&left));
    cr_expect_eq(kill(child.pid, 0), 0, "the server ended");
    ts_result_fini(&left);
    ts_result_fini(&result);
    ts_stop(&child);
}

Test(break_limits, file_that_may_not_grow_is_an_error_and_leaves_nothing)
{
    /* In blocks of 512 bytes: room for the message, not for the picture. */
    expect_limit("-f 1", "--engine perf --format svg", "File too large");
}

/* /dev/full takes nothing. */
static void expect_full(const char *arguments)
{
    struct ts_result result = ts_run("\"$ASSAY_BIN\" %s > /dev/full", arguments);

    cr_expect_eq(result.status, 3, "%s: %d", arguments, result.status);
    cr_expect_not_null(strstr(ts_err(&result), "output"), "%s: %s", arguments, ts_err(&result));
    cr_expect(strstr(ts_err(&result), "No space left on device")
                  || strstr(ts_err(&result), "is its disk full?"),
              "%s: %s", arguments, ts_err(&result));
    ts_result_fini(&result);
}

Test(break_limits, standard_output_that_takes_nothing_is_told_by_every_verb)
{
    static const char *const verbs[] = {"--help",        "--version",  "--verbs", "--man record",
                                        "record --help", "help stack", "doctor",  "doctor --json",
                                        "wrap --help",   NULL};
    static const char *const live[] = {"stack -p", "stack --json -p", "top -n 1 -d 0.2 -p",
                                       "record --quiet -d 0.2 --format folded -o - -p", NULL};
    struct pf_child child = ts_workload_start("", "split 1");
    char arguments[128];
    char profile[256];

    for (unsigned i = 0; live[i]; i++) {
        (void)snprintf(arguments, sizeof arguments, "%s %d", live[i], (int)child.pid);
        expect_full(arguments);
    }
    for (unsigned i = 0; verbs[i]; i++)
        expect_full(verbs[i]);
    struct ts_recording recording = ts_record("", child.pid, "-d 0.2 -F 499", "full.pb.gz");
    ts_recording_fini(&recording);
    ts_stop(&child);
    (void)snprintf(profile, sizeof profile, "report --format text %s/full.pb.gz", ts_temp_dir());
    expect_full(profile);
    (void)snprintf(profile, sizeof profile, "diff --format text %s/full.pb.gz %s/full.pb.gz",
                   ts_temp_dir(), ts_temp_dir());
    expect_full(profile);
}

Test(break_limits, too_few_descriptors_are_named)
{
    expect_limit("-n 8", "--engine perf", "ulimit -n");
}

Test(break_limits, too_few_addresses_are_named)
{
#ifdef __SANITIZE_ADDRESS__
    cr_skip_test("AddressSanitizer itself takes more addresses than the limit");
#endif
    expect_limit("-v 200000", "--engine agent", "ulimit -v");
}

/* The killing falls into every part of putting the agent in: its start is a little later each time.
 */
Test(break_limits, server_outlives_collectors_killed_while_they_put_the_agent_in)
{
    struct pf_child child = ts_workload_start("", "split 2");
    struct ts_result result =
        ts_run("for i in $(seq 10 %d); do timeout -s KILL 0.0$i \"$ASSAY_BIN\" record --quiet "
               "--engine agent -p %d -o %s/k.pb.gz; kill -0 %d || exit 9; done; exit 0",
               10 + 2 * KILLS, (int)child.pid, ts_temp_dir(), (int)child.pid);

    cr_expect_eq(result.status, 0, "the server ended: %s", ts_err(&result));
    cr_expect_eq(kill(child.pid, 0), 0);
    ts_result_fini(&result);
    ts_stop(&child);
}
