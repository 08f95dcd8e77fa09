/*
 * Criterion's documented behaviour is the same in both engines.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/integration/runner_support.h"

static const char *const expected[][2] = {
    {"fixtures/suite_before_test", "pass"},
    {"asserts/expect_goes_on", "fail"},
    {"asserts/assert_ends", "fail"},
    {"asserts/pass", "pass"},
    {"signals/expected", "pass"},
    {"signals/none", "fail"},
    {"signals/crash", "crash"},
    {"exits/expected", "pass"},
    {"exits/another", "fail"},
    {"exits/none", "fail"},
    {"skips/by_call", "skip"},
    {"skips/disabled", "skip"},
    {"timeouts/in_time", "pass"},
    {"params/numbers[0]", "pass"},
    {"params/numbers[1]", "pass"},
    {"params/numbers[2]", "fail"},
    {"params/allocated[0]", "pass"},
    {"params/allocated[1]", "pass"},
    {"theories/holds", "pass"},
    {"theories/fails", "fail"},
    {"theories/many_arguments", "pass"},
    {"redirects/output", "pass"},
    {"redirects/input", "pass"},
};

static void expect_documented(const struct ts_run_events *run)
{
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_expect_str_eq(ts_status_of(run, expected[i][0]), expected[i][1], "%s: %s (%s)",
                         expected[i][0], ts_status_of(run, expected[i][0]),
                         ts_end_text(run, expected[i][0], "reason"));
    cr_expect(ts_has_message(run, "asserts/assert_ends", "first"));
    cr_expect_not(ts_has_message(run, "asserts/assert_ends", "never"));
    cr_expect(ts_has_message(run, "asserts/expect_goes_on", "second"));
    cr_expect_str_eq(ts_end_text(run, "skips/by_call", "reason"), "no need");
    cr_expect_str_eq(ts_end_text(run, "signals/crash", "signal"), "SIGABRT");
    cr_expect(ts_has_message(run, "theories/fails", "(1, 4"));
    cr_expect_eq(run->result.status, 1);
}

Test(test_engines, fork_does_what_criterion_documents)
{
    struct ts_run_events run = ts_run_suites("sample_documented");

    expect_documented(&run);
    cr_expect_eq(json_array_size(run.ends), 26);
    ts_run_events_fini(&run);
}

Test(test_engines, criterion_does_what_criterion_documents)
{
    struct ts_run_events run = ts_run_suites("sample_documented --engine criterion");

    expect_documented(&run);
    cr_expect_eq(json_array_size(run.ends), 26);
    ts_run_events_fini(&run);
}

/* A limit is a limit in both; only ours knows that the test was idle. */
Test(test_engines, limits_of_test_and_suite_hold_in_both)
{
    struct ts_run_events fork_run = ts_run_suites("sample_documented -k late");
    struct ts_run_events native = ts_run_suites("sample_documented -k late --engine criterion");

    cr_expect_str_eq(ts_status_of(&fork_run, "timeouts/late"), "hang");
    cr_expect_str_eq(ts_status_of(&native, "timeouts/late"), "timeout");
    cr_expect_str_eq(ts_status_of(&fork_run, "late_suite/inherits"), "hang");
    cr_expect_str_eq(ts_status_of(&native, "late_suite/inherits"), "timeout");
    ts_run_events_fini(&fork_run);
    ts_run_events_fini(&native);
}

/* An expected signal that does not come: another signal is a failed test or a crash, never green.
 */
Test(test_engines, the_wrong_signal_is_red_in_both)
{
    struct ts_run_events fork_run = ts_run_suites("sample_documented --exact signals/another");
    struct ts_run_events native =
        ts_run_suites("sample_documented --exact signals/another --engine criterion");

    cr_expect_str_eq(ts_status_of(&fork_run, "signals/another"), "crash");
    cr_expect_str_eq(ts_status_of(&native, "signals/another"), "fail");
    cr_expect(strstr(ts_end_text(&native, "signals/another", "reason"), "SIGINT"));
    ts_run_events_fini(&fork_run);
    ts_run_events_fini(&native);
}

Test(test_engines, output_belongs_to_its_test_in_both)
{
    struct ts_run_events native = ts_run_suites("sample_verdicts -k verdicts/fail "
                                                "--engine criterion");

    json_t *output = json_object_get(ts_end_of(&native, "fail"), "output");
    const char *text = json_string_value(json_object_get(output, "stdout"));
    cr_expect(text && strstr(text, "to stdout"));
    cr_expect(text && strstr(text, "to stderr"));
    ts_run_events_fini(&native);
}

/* What the hooks of a suite wrote: "cat" as it came; "sort" leaves the order of tests out. */
static char *hook_lines(const char *sorter, const char *suite, const char *options)
{
    char path[] = "/tmp/hooks-XXXXXX";
    char command[128];
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    (void)close(fd);
    struct ts_run_events run = ts_run_suites("HOOKS_FILE=%s;%s -j1 %s", path, suite, options);
    cr_expect_eq(run.result.status, 1);
    ts_run_events_fini(&run);
    (void)snprintf(command, sizeof command, "%s %s", sorter, path);
    char *text = calloc(1, 16384);
    FILE *sorted = popen(command, "r");
    cr_assert(sorted && fread(text, 1, 16383, sorted) > 0);
    (void)pclose(sorted);
    (void)unlink(path);
    return text;
}

Test(test_engines, report_hooks_are_given_the_same_statistics_in_both)
{
    char *fork_lines = hook_lines("sort", "sample_hooks", "");
    char *native_lines = hook_lines("sort", "sample_hooks", "--engine criterion");

    cr_expect_str_eq(fork_lines, native_lines);
    cr_expect(strstr(fork_lines, "post_all suites=2 listed=2 tests=10 passed=5 failed=3 crashed=1 "
                                 "skipped=2 asserts_failed=3 asserts_passed=4\n"));
    cr_expect(strstr(fork_lines, "post_suite one tests=3 listed=3 passed=1 failed=2 crashed=1"));
    cr_expect(strstr(fork_lines, "post_test one/fails status=1 failed=2 passed=0"));
    cr_expect(strstr(fork_lines, "test_crash one/crashes signal=11\n"));
    free(fork_lines);
    free(native_lines);
}

/* Also when: PRE_TEST after the fixtures and before the body, in both. */
Test(test_engines, report_hooks_around_and_in_a_test_are_called_at_the_same_moments)
{
    char *fork_lines = hook_lines("cat", "sample_hooks_more", "");
    char *native_lines = hook_lines("cat", "sample_hooks_more", "--engine criterion");

    cr_expect_str_eq(fork_lines, native_lines);
    cr_expect(strstr(fork_lines, "\ninit\npre_test order/passes\nbody\n"), "%s", fork_lines);
    cr_expect(strstr(fork_lines, "\nassert passed=0 line="));
    cr_expect(strstr(fork_lines, "\ntheory_fail theories/sums for 20, \"longer\"\n"));
    free(fork_lines);
    free(native_lines);
}
