/*
 * assay test --under cpu-profile: every test has its own profile, and only its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/err.h"
#include "tests/integration/runner_support.h"
#include "tests/support/command.h"
#include "tests/support/json_schema.h"

/* Status 3: not here. Any other failure must show in the tests. */
static bool is_permitted(void)
{
    struct ts_result probe =
        ts_run("assay record --engine perf --quiet -o %s/probe.pb.gz -- /bin/true", ts_temp_dir());
    bool ok = probe.status != 3;

    ts_result_fini(&probe);
    return ok;
}

static struct ts_result run_busy(const char *dir, const char *options)
{
    return ts_run("cd %s && assay test --history none %s %s/sample_busy", dir, options,
                  ts_suites_dir());
}

static struct ts_result report(const char *dir, const char *test)
{
    return ts_run("assay report %s/profiles/sample_busy/busy/%s.pb.gz --format text", dir, test);
}

Test(test_profile, each_test_has_its_own_stacks_and_nobody_elses)
{
    if (!is_permitted())
        cr_skip("perf events are not permitted here");
    const char *dir = ts_temp_dir();

    struct ts_result run = run_busy(dir, "--under cpu-profile --html page.html --junit junit.xml");
    struct ts_result here = report(dir, "here");
    struct ts_result there = report(dir, "there_and_fails");
    struct ts_result idle = ts_run("test -e %s/profiles/sample_busy/busy/idle.pb.gz", dir);

    cr_assert_eq(run.status, 1, "%s%s", ts_out(&run), ts_err(&run));
    cr_expect_eq(here.status, 0, "%s", ts_err(&here));
    cr_expect(strstr(ts_out(&here), "burn_here"), "%s", ts_out(&here));
    cr_expect_null(strstr(ts_out(&here), "burn_there"));
    cr_expect(strstr(ts_out(&there), "burn_there"), "%s", ts_out(&there));
    cr_expect_null(strstr(ts_out(&there), "burn_here"));
    cr_expect_null(strstr(ts_out(&idle), "burn"));
    ts_result_fini(&run);
    ts_result_fini(&here);
    ts_result_fini(&there);
    ts_result_fini(&idle);
}

Test(test_profile, what_a_test_starts_is_in_its_profile)
{
    if (!is_permitted())
        cr_skip("perf events are not permitted here");
    const char *dir = ts_temp_dir();

    struct ts_result run = run_busy(dir, "--under cpu-profile -k children -k busy/here");
    struct ts_result own = ts_run("assay report %s/.assay/profiles/sample_busy/busy/children.pb.gz "
                                  "--format text",
                                  dir);
    struct ts_result other = ts_run("assay report %s/.assay/profiles/sample_busy/busy/here.pb.gz "
                                    "--format text",
                                    dir);

    cr_assert_eq(run.status, 0, "%s%s", ts_out(&run), ts_err(&run));
    cr_expect(strstr(ts_out(&own), "burn_in_child"), "%s", ts_out(&own));
    cr_expect(strstr(ts_out(&own), "burn_in_orphan"), "%s", ts_out(&own));
    cr_expect_null(strstr(ts_out(&own), "burn_here"));
    cr_expect_null(strstr(ts_out(&other), "burn_in"));
    ts_result_fini(&run);
    ts_result_fini(&own);
    ts_result_fini(&other);
}

Test(test_profile, json_events_name_the_file_before_the_run_ends)
{
    if (!is_permitted())
        cr_skip("perf events are not permitted here");
    const char *dir = ts_temp_dir();
    char why[512];

    struct ts_result run =
        run_busy(dir, "--under cpu-profile --profiles kept -k busy/here -k idle --json-out e.json");
    struct ts_result events = ts_run("grep test_profile %s/e.json | grep busy/here", dir);
    struct ts_result last = ts_run("tail -n 1 %s/e.json", dir);

    cr_assert_eq(run.status, 0, "%s", ts_err(&run));
    cr_expect(ts_json_follows(ts_out(&events), "test-events.json", why, sizeof why), "%s: %s", why,
              ts_out(&events));
    cr_expect(strstr(ts_out(&events), "\"id\":\"sample_busy/busy/here\""));
    cr_expect(strstr(ts_out(&events), "\"profile\":\"kept/sample_busy/busy/here.pb.gz\""));
    cr_expect(strstr(ts_out(&last), "run_end"));
    ts_result_fini(&run);
    ts_result_fini(&events);
    ts_result_fini(&last);
}

Test(test_profile, the_reports_name_the_file)
{
    if (!is_permitted())
        cr_skip("perf events are not permitted here");
    const char *dir = ts_temp_dir();

    struct ts_result run =
        run_busy(dir, "--under cpu-profile --profiles kept --html page.html --junit junit.xml");
    struct ts_result junit = ts_run("cat %s/junit.xml", dir);
    struct ts_result html = ts_run("cat %s/page.html", dir);

    cr_expect(strstr(ts_out(&junit), "<property name=\"cpu-profile\" "
                                     "value=\"kept/sample_busy/busy/here.pb.gz\"/>"),
              "%s", ts_out(&junit));
    cr_expect(strstr(ts_out(&junit), "[[ATTACHMENT|kept/sample_busy/busy/here.pb.gz]]"));
    cr_expect(strstr(ts_out(&html), "<a href=\"kept/sample_busy/busy/here.pb.gz\">"));
    cr_expect(strstr(ts_out(&html), "CPU profile: kept/sample_busy/busy/here.pb.gz ("));
    cr_expect(strstr(ts_out(&run), "there_and_fails.pb.gz"), "%s", ts_out(&run));
    ts_result_fini(&run);
    ts_result_fini(&junit);
    ts_result_fini(&html);
}

Test(test_profile, without_it_no_profile_is_written)
{
    const char *dir = ts_temp_dir();

    struct ts_result run = run_busy(dir, "--junit junit.xml");
    struct ts_result junit = ts_run("cat %s/junit.xml; ls %s", dir, dir);

    cr_expect_null(strstr(ts_out(&junit), "profile"), "%s", ts_out(&junit));
    ts_result_fini(&run);
    ts_result_fini(&junit);
}

Test(test_profile, a_place_that_cannot_be_written_and_the_other_engine_are_refused)
{
    if (!is_permitted())
        cr_skip("perf events are not permitted here");
    const char *dir = ts_temp_dir();

    struct ts_result file = run_busy(dir, "--under cpu-profile --profiles /dev/null/x");
    struct ts_result engine = run_busy(dir, "--under cpu-profile --engine criterion");

    cr_expect_gt(file.status, 1);
    cr_expect(strstr(ts_err(&file), "/dev/null"), "%s", ts_err(&file));
    cr_expect_eq(engine.status, 2);
    cr_expect(strstr(ts_err(&engine), "--engine fork"), "%s", ts_err(&engine));
    ts_result_fini(&file);
    ts_result_fini(&engine);
}
