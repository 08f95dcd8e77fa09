/*
 * Little room for us: few descriptors, few addresses, no file may grow. One line says which limit.
 * Collectors killed at any moment: the server lives on and can be recorded again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
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
