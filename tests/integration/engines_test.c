/*
 * assay record with the engines that run another profiler: gperftools and callgrind.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"
#include "tests/support/command.h"

TestSuite(engines, .timeout = 100);

/* self of a function in folded stacks: lines that end in ";function COUNT". */
static unsigned long self_of(const char *folded, const char *function)
{
    unsigned long sum = 0;
    char leaf[64];

    (void)snprintf(leaf, sizeof leaf, ";%s ", function);
    for (const char *at = folded; (at = strstr(at, leaf)) != NULL; at++)
        sum += strtoul(at + strlen(leaf), NULL, 10);
    return sum;
}

static unsigned long callgrind_self(const char *function)
{
    struct ts_result result =
        ts_run("assay record --engine callgrind --quiet --format folded -o - -- %s 3", WORKLOAD);

    cr_assert_eq(result.status, 7, "exits as the command does: %s", ts_err(&result));
    unsigned long self = self_of(ts_out(&result), function);
    ts_result_fini(&result);
    return self;
}

Test(engines, callgrind_counts_instructions_exactly_and_repeatably)
{
    unsigned long four = callgrind_self("four_parts");
    unsigned long again = callgrind_self("four_parts");
    unsigned long one = callgrind_self("one_part");

    cr_assert_gt(one, 300000, "three rounds of 100 000");
    cr_expect_eq(four, again);
    cr_expect_leq(labs((long)four - 4 * (long)one), 100, "%lu %lu", four, one);
}

Test(engines, callgrind_cannot_attach_and_says_so)
{
    struct ts_result result =
        ts_run("assay record --engine callgrind --mode instructions --format folded -o - -p $$");

    cr_expect_eq(result.status, 2);
    cr_expect_not_null(strstr(ts_err(&result), "cannot attach: give it a command after --"));
    ts_result_fini(&result);
}

Test(engines, callgrind_ends_a_server_to_get_its_counts)
{
    struct ts_result result =
        ts_run("cd %s && assay record --engine callgrind -d 2 --format folded -o - "
               "-- %s 1000000000",
               ts_temp_dir(), WORKLOAD);

    cr_expect_eq(result.status, 0, "it was ended by us");
    cr_expect_not_null(strstr(ts_err(&result), " instructions, in standard output"));
    cr_expect_gt(self_of(ts_out(&result), "four_parts"), 0, "%s", ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "SIGTERM"), "%s", ts_err(&result));
    ts_result_fini(&result);
}

static void expect_four_to_one(const char *folded)
{
    double four = (double)self_of(folded, "four_parts");
    double one = (double)self_of(folded, "one_part");

    /* At least a hundred samples: 4 standard deviations of a share of 0.8 are 0.16. */
    cr_assert_gt(four + one, 0);
    cr_expect_float_eq(four / (four + one), 0.8, 0.16);
}

Test(engines, gperftools_profiles_a_command_to_its_end)
{
    struct ts_result result =
        ts_run("assay record --engine gperftools -F 250 --quiet --format folded -o - -- %s 2000",
               WORKLOAD);

    cr_assert_eq(result.status, 7, "%s", ts_err(&result));
    expect_four_to_one(ts_out(&result));
    ts_result_fini(&result);
}

/* The kernel's tick is at most a thousandth of a second: of 4000 signals most do not come. */
Test(engines, gperftools_times_are_the_cpu_time_used)
{
    struct ts_result result =
        ts_run("cd %s && assay record --engine gperftools -F 4000 --quiet -o g.pb.gz -- %s 2000; "
               "assay report g.pb.gz --format json | awk '/\"target_cpu_s\"/ { print $2 + 0 } "
               "/\"total\"/ { print $2 / 1e9; exit }'",
               ts_temp_dir(), WORKLOAD);
    double used_s = 0, told_s = 0;

    cr_assert_eq(sscanf(ts_out(&result), "%lf %lf", &used_s, &told_s), 2, "%s", ts_err(&result));
    cr_expect_gt(used_s, 0);
    cr_expect_float_eq(told_s / used_s, 1, 0.2, "%.2f s of %.2f s", told_s, used_s);
    ts_result_fini(&result);
}

Test(engines, gperftools_follows_a_shell_into_what_it_execs)
{
    struct ts_result result =
        ts_run("assay record --engine gperftools -F 250 --quiet --format folded -o - -- "
               "sh -c 'exec %s 2000'",
               WORKLOAD);

    cr_assert_eq(result.status, 7, "%s", ts_err(&result));
    expect_four_to_one(ts_out(&result));
    ts_result_fini(&result);
}

Test(engines, gperftools_stops_a_server_that_runs_on)
{
    struct ts_result result =
        ts_run("assay record --engine gperftools -F 250 -d 1.5 --quiet --format folded -o - -- "
               "%s 1000000000",
               WORKLOAD);

    expect_four_to_one(ts_out(&result));
    ts_result_fini(&result);
}

Test(engines, gperftools_switches_a_server_it_is_linked_with)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "CPUPROFILE=%s/served CPUPROFILESIGNAL=61 CPUPROFILE_FREQUENCY=250 "
                   "LD_PRELOAD=libprofiler.so.0 exec %s 1000000000 2>/dev/null",
                   ts_temp_dir(), WORKLOAD);
    struct pf_child server = ts_start("%s", command);
    uint64_t end_ns = pf_clock_now_ns() + 10000000000ull;
    struct ts_result result = {0};

    do { /* until its handler is installed */
        ts_result_fini(&result);
        result = ts_run("assay record --engine gperftools -d 1 --quiet --format folded -o - -p %d",
                        (int)server.pid);
    } while (result.status == 3 && strstr(ts_err(&result), "CPUPROFILESIGNAL")
             && pf_clock_now_ns() < end_ns);
    struct ts_result again =
        ts_run("assay record --engine gperftools -d 1 --quiet --format folded -o - -p %d",
               (int)server.pid);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    expect_four_to_one(ts_out(&result));
    cr_expect_eq(again.status, 0, "%s", ts_err(&again));
    expect_four_to_one(ts_out(&again));
    cr_expect_not(pf_child_wait(&server, 0), "it serves on");
    ts_result_fini(&result);
    ts_result_fini(&again);
    ts_stop(&server);
}

Test(engines, gperftools_sends_no_signal_to_a_server_without_it)
{
    struct pf_child server = ts_start("exec %s 1000000000", WORKLOAD);

    struct ts_result result =
        ts_run("assay record --engine gperftools -d 1 --quiet --format folded -o - -p %d",
               (int)server.pid);

    cr_expect_eq(result.status, 3);
    cr_expect_not_null(strstr(ts_err(&result), "CPUPROFILESIGNAL"), "%s", ts_err(&result));
    cr_expect_not(pf_child_wait(&server, 0), "it still runs");
    ts_result_fini(&result);
    ts_stop(&server);
}
