/*
 * The reports: each valid by its own standard, each complete.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/runner_support.h"
#include "tests/support/json_schema.h"

#define ALL_SUITES                                                                                 \
    "sample_verdicts sample_traps sample_documented sample_flaky sample_stranger --retries 1"

static struct ts_result report(const char *options)
{
    return ts_run("cd %s && assay test --history none -q %s", ts_suites_dir(), options);
}

Test(test_reports, junit_follows_the_schema)
{
    const char *dir = ts_temp_dir();
    struct ts_result run =
        ts_run("cd %s && assay test --history none " ALL_SUITES " --junit %s/tests.xml",
               ts_suites_dir(), dir);
    struct ts_result valid =
        ts_run("xmllint --noout --schema $SRC/docs/schemas/junit.xsd %s/tests.xml", dir);

    cr_expect_eq(run.status, 1);
    cr_expect_eq(valid.status, 0, "%s", ts_err(&valid));
}

/* All that Jenkins' xUnit plugin refuses is three things of a testcase, and they can be left out.
 */
Test(test_reports, junit_strict_follows_jenkins_schema)
{
    const char *dir = ts_temp_dir();
    struct ts_result run = ts_run("cd %s && assay test --history none " ALL_SUITES
                                  " --junit-strict --junit %s/tests.xml",
                                  ts_suites_dir(), dir);
    struct ts_result strict =
        ts_run("xmllint --noout --schema $SRC/docs/schemas/junit-jenkins.xsd %s/tests.xml", dir);
    struct ts_result loose =
        ts_run("cd %s && assay test --history none sample_verdicts sample_options --junit "
               "%s/loose.xml; xmllint --format %s/loose.xml | sed -E '/<testcase/s/ "
               "(file|line)=\"[^\"]*\"//g; /^      <properties>/,/^      <.properties>/d' | "
               "xmllint --noout --schema $SRC/docs/schemas/junit-jenkins.xsd -",
               ts_suites_dir(), dir, dir);

    cr_expect_eq(run.status, 1);
    cr_expect_eq(strict.status, 0, "%s", ts_err(&strict));
    cr_expect_eq(loose.status, 0, "%s", ts_err(&loose));
}

static void expect_xpath(const char *dir, const char *expression, const char *expected)
{
    struct ts_result value = ts_run("xmllint --xpath '%s' %s/tests.xml", expression, dir);

    cr_expect_eq(strncmp(ts_out(&value), expected, strlen(expected)), 0, "%s: %s", expression,
                 ts_out(&value));
    ts_result_fini(&value);
}

Test(test_reports, junit_tells_who_failed_where_how)
{
    const char *dir = ts_temp_dir();
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_verdicts sample_documented sample_flaky "
               "--retries 1 --junit %s/tests.xml",
               ts_suites_dir(), dir);

    cr_expect_eq(run.status, 1);
    expect_xpath(dir, "string(//testcase[@name=\"crash\"][1]/@classname)",
                 "sample_verdicts.verdicts");
    expect_xpath(dir, "string(//testcase[@name=\"crash\"]/error/@type)", "crash");
    expect_xpath(dir, "string(//testcase[@name=\"fail\"]/failure/@message)", "one is not 2");
    expect_xpath(dir, "string(//testcase[@name=\"fail\"]/system-out)", "to stdout");
    expect_xpath(dir, "string(//testcase[@name=\"skip\"]/skipped/@message)", "because of 3");
    expect_xpath(dir, "count(//testcase[@name=\"numbers[2]\"]/failure)", "1");
    expect_xpath(dir, "count(//testcase[@name=\"passes_on_retry\"]/flakyFailure)", "1");
    expect_xpath(dir, "count(//testcase[@name=\"never_passes\"]/rerunFailure)", "1");
    expect_xpath(dir, "count(//testcase[@name=\"crash\" and @line > 0 and @file])", "2");
    expect_xpath(dir, "sum(//testsuite/@tests) = count(//testcase)", "true");
}

Test(test_reports, every_line_of_json_follows_the_schema)
{
    struct ts_result run = report(ALL_SUITES " --json");
    unsigned lines = 0;
    char why[512];

    for (const char *at = ts_out(&run); *at; lines++) {
        size_t size = strcspn(at, "\n");
        char *line = strndup(at, size);
        cr_expect(ts_json_follows(line, "test-events.json", why, sizeof why), "%s: %.200s", why,
                  line);
        free(line);
        at += size + (at[size] == '\n');
    }
    cr_expect_gt(lines, 50);
}

Test(test_reports, tap_counts_and_numbers_its_points)
{
    struct ts_result run = report("sample_verdicts --tap -");

    cr_expect_eq(strncmp(ts_out(&run), "TAP version 14\n1..19\n", 21), 0, "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "ok 1 - sample_verdicts/verdicts/asserts_nothing"));
    cr_expect(strstr(ts_out(&run), " # SKIP because of 3"));
    cr_expect(strstr(ts_out(&run), "\nnot ok "));
    cr_expect(strstr(ts_out(&run), "  status: \"crash\"\n"));
}

Test(test_reports, github_annotations_name_file_and_line)
{
    struct ts_result run = report("sample_verdicts -k verdicts/fail --github");

    const char *line = strstr(ts_out(&run), "::error file=");
    cr_assert_not_null(line);
    cr_expect(strstr(line, "sample_verdicts.c,line="));
    cr_expect(strstr(line, "::one is not 2\n"));
}

Test(test_reports, the_page_stands_alone_and_is_well_formed)
{
    const char *dir = ts_temp_dir();
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_verdicts sample_traps --html %s/t.html",
               ts_suites_dir(), dir);
    struct ts_result parsed = ts_run("xmllint --html --noout %s/t.html 2>&1 | grep -v 'Tag '"
                                     " | grep -c 'parser error' ; grep -c 'https*://' %s/t.html",
                                     dir, dir);

    cr_expect_eq(run.status, 1);
    cr_expect_str_eq(ts_out(&parsed), "0\n0\n");
}

/* A binary that could not be used is red in every report, or its readers would see a green run. */
Test(test_reports, an_unusable_binary_is_red_in_all_of_them)
{
    struct ts_result run = report("sample_own_main /bin/true --tap - --github -q");
    struct ts_result page = ts_run("cd %s && assay test --history none /bin/true --html o.html "
                                   "--junit o.xml; grep -o 'unusable binary /bin/true' o.html; "
                                   "grep -o 'tests=\"1\" failures=\"0\" errors=\"1\"' o.xml",
                                   ts_temp_dir());

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "1..2\nok 1 - "), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "not ok 2 - /bin/true\n"));
    cr_expect(strstr(ts_out(&run), "reason: \"not a Criterion suite"));
    cr_expect(strstr(ts_out(&run), "::error title=true::not a Criterion suite"));
    cr_expect(strstr(ts_out(&page), "unusable binary /bin/true"));
    cr_expect(strstr(ts_out(&page), "errors=\"1\""));
}

Test(test_reports, a_report_that_cannot_be_written_is_refused_before_any_test)
{
    static const char *const reports[] = {"--junit", "--tap", "--html", "--json-out"};

    for (unsigned i = 0; i < sizeof reports / sizeof *reports; i++) {
        struct ts_result run =
            ts_run("assay test --history none %s /nonexistent/x %s/sample_own_main", reports[i],
                   ts_suites_dir());
        cr_expect_eq(run.status, 3, "%s", reports[i]);
        cr_expect(strstr(ts_err(&run), "/nonexistent/x: cannot be written"), "%s: %s", reports[i],
                  ts_err(&run));
        cr_expect_str_eq(ts_out(&run), "", "%s: no summary", reports[i]);
        ts_result_fini(&run);
    }
}

Test(test_reports, a_full_disk_is_told_and_leaves_nothing_half_written)
{
    struct ts_result run = ts_run(
        "cd %s && assay test --history none sample_own_main --junit /dev/full", ts_suites_dir());

    cr_expect_eq(run.status, 3);
    cr_expect(strstr(ts_err(&run), "/dev/full"), "%s", ts_err(&run));
}

Test(test_reports, a_full_disk_under_the_events_is_told_by_name)
{
    struct ts_result run = ts_run(
        "cd %s && assay test --history none sample_own_main --json-out /dev/full", ts_suites_dir());

    cr_expect_eq(run.status, 3);
    cr_expect(strstr(ts_err(&run), "/dev/full"), "%s", ts_err(&run));
}

Test(test_reports, much_output_shows_its_beginning_and_its_end)
{
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_noisy -k prints_much", ts_suites_dir());

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "sample_noisy.c:14: 0 is false\n"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "    | line 1\n"));
    cr_expect(strstr(ts_out(&run), "    | line 20\n    ... 940 lines left out"));
    cr_expect(strstr(ts_out(&run), "    | line 961\n"));
    cr_expect(strstr(ts_out(&run), "    | line 1000\n"));
}

Test(test_reports, the_slowest_are_listed)
{
    struct ts_result run = report("sample_documented -k late -k asserts/pass --slowest 2");

    const char *slowest = strstr(ts_out(&run), "slowest:");
    cr_assert_not_null(slowest);
    cr_expect(strstr(slowest, "late"));
}

Test(test_reports, a_flaky_test_is_named_with_its_failure)
{
    const char *dir = ts_temp_dir();
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_second_try --retries 1 "
               "-k prints --tap %s/tap --junit %s/tests.xml",
               ts_suites_dir(), dir, dir);
    struct ts_result tap = ts_run("cat %s/tap", dir);

    cr_expect_eq(run.status, 0);
    cr_expect(strstr(ts_out(&run), "flaky  sample_second_try/second/prints_then_passes"), "%s",
              ts_out(&run));
    cr_expect(strstr(ts_out(&run), "    attempt 1: fail: at first"));
    cr_expect(strstr(ts_out(&tap), "reason: \"assertion failed\""), "%s", ts_out(&tap));
    cr_expect(strstr(ts_out(&tap), "at first"));
    expect_xpath(dir, "string(//flakyFailure/system-out)", "words of the first attempt");
}

Test(test_reports, a_skip_on_a_retry_does_not_forgive_the_failure)
{
    struct ts_run_events run = ts_run_suites("sample_second_try --retries 3 -k fails_then_skips");

    cr_expect_eq(run.result.status, 1);
    cr_expect_str_eq(ts_status_of(&run, "fails_then_skips"), "fail");
    cr_expect(ts_has_message(&run, "fails_then_skips", "the failure that counts"));
    cr_expect(ts_has_message(&run, "fails_then_skips", "it skipped itself: not again"));
    cr_expect_eq(json_array_size(run.ends), 2);
    ts_run_events_fini(&run);
}

Test(test_reports, files_left_in_the_working_directory_are_told)
{
    const char *dir = ts_temp_dir();
    struct ts_result told = ts_run("cp %s/sample_places %s && cd %s && assay test --history none "
                                   "./sample_places -k writes",
                                   ts_suites_dir(), dir, dir);

    cr_expect_eq(told.status, 0);
    cr_expect(strstr(ts_out(&told), "warning: the tests left behind in the working directory: "
                                    "left-by-a-test (--isolate-cwd"),
              "%s", ts_out(&told));
}

Test(test_reports, a_directory_of_its_own_keeps_tests_apart)
{
    const char *dir = ts_temp_dir();
    struct ts_result apart = ts_run("cp %s/sample_places %s && cd %s && assay test --history none "
                                    "./sample_places -j1 --shuffle=3 --isolate-cwd && ls",
                                    ts_suites_dir(), dir, dir);

    cr_expect_eq(apart.status, 0, "%s", ts_out(&apart));
    cr_expect(strstr(ts_out(&apart), "2 pass"));
    cr_expect_null(strstr(ts_out(&apart), "left-by-a-test"));
}

Test(test_reports, descriptors_left_open_are_told)
{
    struct ts_result run = ts_run(
        "cd %s && assay test --history none sample_verdicts -k pass_with_open", ts_suites_dir());

    cr_expect_eq(run.status, 0);
    cr_expect(strstr(ts_out(&run), "warning: 1 test left descriptors open"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "-> /dev/null"));
}
