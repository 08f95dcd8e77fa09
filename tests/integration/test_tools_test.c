/*
 * Tests under tools, with snapshots and torture: each finding is its own test's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/runner_support.h"

/* Nothing a tool found elsewhere is in its report. */
static void expect_silence(const struct ts_run_events *run, const char *name)
{
    json_t *end = ts_end_of(run, name);

    cr_expect_eq(json_array_size(json_object_get(end, "messages")), 0, "%s", name);
    cr_expect_eq(json_array_size(json_object_get(end, "leaks")), 0, "%s", name);
}

Test(test_tools, memcheck_finds_leak_and_misuse_and_nothing_else)
{
    struct ts_run_events run = ts_run_suites("sample_tools --under memcheck -k '!*race'");

    cr_expect_str_eq(ts_status_of(&run, "clean"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "leak"), "leak");
    cr_expect_str_eq(ts_status_of(&run, "use_after_free"), "sanitizer");
    cr_expect(ts_has_message(&run, "use_after_free", "Invalid write of size 1"));
    cr_expect(
        ts_has_message(&run, "leak", "123 (+123) bytes in 1 (+1) blocks are definitely lost"));
    cr_expect_not(ts_has_message(&run, "leak", "Invalid write"), "another test's finding");
    expect_silence(&run, "clean");
    json_t *leak = json_array_get(json_object_get(ts_end_of(&run, "leak"), "leaks"), 0);
    cr_expect_eq(json_integer_value(json_object_get(leak, "bytes")), 123);
    ts_run_events_fini(&run);
}

Test(test_tools, helgrind_and_drd_find_the_race)
{
    struct ts_run_events helgrind = ts_run_suites("sample_tools --under helgrind -k race -k clean");
    struct ts_run_events drd = ts_run_suites("sample_tools --under drd -k race -k clean");

    cr_expect_str_eq(ts_status_of(&helgrind, "race"), "sanitizer");
    cr_expect_str_eq(ts_status_of(&helgrind, "clean"), "pass");
    cr_expect_str_eq(ts_status_of(&drd, "race"), "sanitizer");
    cr_expect_str_eq(ts_status_of(&drd, "clean"), "pass");
    cr_expect(ts_has_message(&helgrind, "race", "Possible data race during"));
    cr_expect(ts_has_message(&helgrind, "race", "sample_tools.c:"));
    cr_expect(ts_has_message(&drd, "race", "Conflicting"));
    expect_silence(&helgrind, "clean");
    expect_silence(&drd, "clean");
    ts_run_events_fini(&helgrind);
    ts_run_events_fini(&drd);
}

Test(test_tools, callgrind_counts_the_test_not_the_process)
{
    struct ts_run_events run = ts_run_suites("sample_tools --under callgrind -k clean");

    json_int_t count =
        json_integer_value(json_object_get(ts_end_of(&run, "clean"), "instructions"));
    cr_expect_gt(count, 100);
    cr_expect_lt(count, 1000000);
    ts_run_events_fini(&run);
}

/* Callgrind finds nothing: a red test under it is red for its own reason, and counted all the same.
 */
Test(test_tools, callgrind_leaves_verdicts_alone)
{
    struct ts_run_events run = ts_run_suites("sample_busy --under callgrind -k fails -k idle");

    cr_expect_str_eq(ts_status_of(&run, "there_and_fails"), "fail");
    cr_expect_str_eq(ts_status_of(&run, "idle"), "pass");
    cr_expect_gt(
        json_integer_value(json_object_get(ts_end_of(&run, "there_and_fails"), "instructions")),
        100000);
    ts_run_events_fini(&run);
}

/* Whatever the test does to its descriptor 2, and where the user wants the report in a file. */
Test(test_tools, a_sanitizers_report_is_not_lost)
{
    struct ts_run_events run = ts_run_suites("sample_asan -k with_stderr");
    struct ts_run_events file =
        ts_run_suites("ASAN_OPTIONS=log_path=%s/report; sample_asan -k asan/leak", ts_temp_dir());

    cr_expect_str_eq(ts_status_of(&run, "leak_with_stderr_redirected"), "leak");
    cr_expect_str_eq(ts_status_of(&run, "leak_with_stderr_closed"), "leak");
    cr_expect_str_eq(ts_status_of(&file, "asan/leak"), "leak");
    ts_run_events_fini(&run);
    ts_run_events_fini(&file);
}

Test(test_tools, deadly_signals_in_sanitizer_builds_are_told_as_they_are)
{
    struct ts_run_events asan = ts_run_suites("sample_asan -k asan/aborts -k declared");
    struct ts_run_events tsan = ts_run_suites("sample_tsan -k tsan/aborts -k declared -k crashes");

    cr_expect_str_eq(ts_status_of(&asan, "dies_as_declared"), "pass");
    cr_expect_str_eq(ts_status_of(&tsan, "dies_as_declared"), "pass");
    cr_expect(strstr(ts_end_text(&asan, "aborts", "stacks"), "asan_aborts_impl"));
    cr_expect(strstr(ts_end_text(&tsan, "aborts", "stacks"), "tsan_aborts_impl"));
    cr_expect_str_eq(ts_status_of(&tsan, "crashes"), "sanitizer");
    cr_expect(strstr(ts_end_text(&tsan, "crashes", "reason"), "SEGV"));
    ts_run_events_fini(&asan);
    ts_run_events_fini(&tsan);
}

Test(test_tools, sanitizer_builds_tell_each_finding_in_its_own_test)
{
    struct ts_run_events asan = ts_run_suites("sample_asan --under asan-build");
    struct ts_run_events tsan = ts_run_suites("sample_tsan --under tsan-build");

    cr_expect_str_eq(ts_status_of(&asan, "clean"), "pass");
    cr_expect_str_eq(ts_status_of(&asan, "leak"), "leak");
    cr_expect_str_eq(ts_status_of(&asan, "use_after_free"), "sanitizer");
    cr_expect_str_eq(ts_status_of(&asan, "overflow_of_int"), "sanitizer");
    cr_expect(strstr(ts_end_text(&asan, "use_after_free", "reason"), "heap-use-after-free"));
    cr_expect_null(strstr(ts_end_text(&asan, "leak", "reason"), "heap-use-after-free"));
    expect_silence(&asan, "clean");
    cr_expect_str_eq(ts_status_of(&tsan, "race"), "sanitizer");
    cr_expect_str_eq(ts_status_of(&tsan, "clean"), "pass");
    cr_expect(strstr(ts_end_text(&tsan, "race", "reason"), "data race"));
    expect_silence(&tsan, "clean");
    ts_run_events_fini(&asan);
    ts_run_events_fini(&tsan);
}

Test(test_tools, a_build_that_cannot_run_under_the_tool_is_refused)
{
    struct ts_run_events plain = ts_run_suites("sample_tools --under asan-build");
    struct ts_run_events built = ts_run_suites("sample_asan --under memcheck");
    struct ts_run_events right = ts_run_suites("sample_asan --under asan-build -k clean");

    cr_expect_eq(plain.result.status, 1);
    cr_expect(strstr(ts_out(&plain.result), "-fsanitize=address"));
    cr_expect_eq(built.result.status, 1);
    cr_expect(strstr(ts_out(&built.result), "cannot run under valgrind"));
    cr_expect_eq(right.result.status, 0);
    ts_run_events_fini(&plain);
    ts_run_events_fini(&built);
    ts_run_events_fini(&right);
}

Test(test_tools, open_descriptors_are_red_with_leaks)
{
    struct ts_run_events run =
        ts_run_suites("sample_verdicts -k with_open_file -k pass_redirected --leaks");

    cr_expect_str_eq(ts_status_of(&run, "pass_with_open_file"), "leak", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "pass_redirected_with_open_file"), "leak");
    cr_expect(strstr(ts_end_text(&run, "pass_redirected_with_open_file", "reason"), "/dev/null"));
    /* The pipes are Criterion's. */
    cr_expect_str_eq(ts_status_of(&run, "pass_redirected"), "pass", "%s",
                     ts_end_text(&run, "pass_redirected", "reason"));
    ts_run_events_fini(&run);
}

/* Snapshots are written beside the source: the sample is built again from a copy of its source. */
Test(test_tools, snapshots_are_taken_compared_updated_and_refused_in_ci)
{
    const char *dir = ts_temp_dir();
    struct ts_result built =
        ts_run("cp $SRC/tests/integration/runner_suites/sample_budgets.c %s/copy.c && cd %s && "
               "cc -g -D_GNU_SOURCE -I $SRC/harness/include %s/copy.c -o copy -lcriterion",
               dir, dir, dir);
    cr_assert_eq(built.status, 0, "%s", ts_err(&built));
    const char *run = "cd %s && %s assay test --history none copy -k snapshots/ %s";

    struct ts_result refused = ts_run(run, dir, "CI=1", "");
    struct ts_result taken = ts_run(run, dir, "CI=false", "");
    struct ts_result same =
        ts_run(run, dir, "SNAPSHOT_BODY='{\"a\":[{\"id\":18}],\"b\":2}'", "--ci");
    struct ts_result differs = ts_run(run, dir, "SNAPSHOT_BODY='{\"a\":[],\"b\":2}'", "--ci");
    struct ts_result updated =
        ts_run(run, dir, "SNAPSHOT_BODY='{\"a\":[],\"b\":2}'", "--update-snapshots");
    struct ts_result after = ts_run(run, dir, "SNAPSHOT_BODY='{\"a\":[],\"b\":2}'", "--ci");
    struct ts_result file = ts_run("cat %s/snapshots/snapshots.text.1.snap", dir);

    cr_expect_eq(taken.status, 0, "%s", ts_out(&taken));
    cr_expect(strstr(ts_err(&taken), "snapshot taken: "), "%s", ts_err(&taken));
    cr_expect(strstr(ts_err(&updated), "snapshot updated: "), "%s", ts_err(&updated));
    cr_expect_not(strstr(ts_err(&same), "snapshot "));
    cr_expect_eq(same.status, 0, "%s", ts_out(&same));
    cr_expect_eq(differs.status, 1);
    cr_expect(strstr(ts_out(&differs), "-   \"a\": ["), "%s", ts_out(&differs));
    cr_expect(strstr(ts_out(&differs), "+   \"a\": [],"));
    cr_expect_eq(updated.status, 0);
    cr_expect_eq(after.status, 0);
    cr_expect_str_eq(ts_out(&file), "one\ntwo [redacted]\nthree\n");
    /* The environment of CI was set, but nothing had been taken yet. */
    cr_expect_eq(refused.status, 1, "%s", ts_out(&refused));
    cr_expect(strstr(ts_out(&refused), "none is taken in CI"));
}

/* One suite, and another's source beside it: built from sources in a directory of the test's own.
 */
static void build_snapshot_suite(const char *dir, const char *renamed)
{
    struct ts_result built = ts_run(
        "cd %s && printf '#include <assay/runner.h>\nTest(page, %s) { assay_snapshot(\"one\"); "
        "assay_snapshot(\"two\"); }\nTest(page, red) { assay_snapshot(\"three\"); "
        "cr_assert(!getenv(\"RED\")); if (getenv(\"LESS\")) return; assay_snapshot(\"4\"); }\n' "
        "> page.c && cc -include stdlib.h -I $SRC/harness/include %s/page.c -o page -lcriterion",
        dir, renamed, dir);

    cr_assert_eq(built.status, 0, "%s", ts_err(&built));
}

Test(test_tools, snapshots_nobody_asks_for_are_told_refused_in_ci_and_removed)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && CI= %s assay test --history none page %s; ls snapshots";

    build_snapshot_suite(dir, "front");
    struct ts_result taken = ts_run(run, dir, "", "");
    build_snapshot_suite(dir, "start");
    struct ts_result filtered = ts_run(run, dir, "", "-k start");
    struct ts_result told = ts_run(run, dir, "", "--json --html o.html");
    struct ts_result refused = ts_run(
        "cd %s && assay test --history none page --ci --junit o.xml --tap o.tap; status=$?; "
        "xmllint --noout --schema $SRC/docs/schemas/junit.xsd o.xml || exit 77; cat o.xml o.tap; "
        "exit $status",
        dir);
    struct ts_result unsure = ts_run(run, dir, "LESS=1 RED=1", "--update-snapshots");
    struct ts_result removed = ts_run(run, dir, "LESS=1", "--update-snapshots --no-capture");
    struct ts_result after = ts_run("cd %s && LESS=1 assay test --history none page --ci", dir);

    cr_expect_not(strstr(ts_out(&taken), "no test asks"), "%s", ts_out(&taken));
    cr_expect_not(strstr(ts_out(&filtered), "no test asks"), "%s", ts_out(&filtered));
    cr_expect(strstr(ts_out(&told), "page.front.1.snap\",\"removed\":false}"), "%s", ts_out(&told));
    cr_expect_not(strstr(ts_out(&told), "page.red.1.snap\",\"removed\""));
    cr_expect_eq(refused.status, 1);
    cr_expect(strstr(ts_out(&refused), "front.2.snap: no test asks for it any more"), "%s",
              ts_out(&refused));
    cr_expect(strstr(ts_out(&refused), "<error type=\"obsolete\""));
    cr_expect(strstr(ts_out(&refused), "1..4\n"));
    cr_expect(strstr(ts_out(&refused), "not ok 3 - "));
    /* A test that failed may have had more to ask. */
    cr_expect(strstr(ts_out(&unsure), "page.front.1.snap: no test asks for it any more; removed"),
              "%s", ts_out(&unsure));
    cr_expect(strstr(ts_out(&unsure), "\npage.red.2.snap\n"));
    cr_expect_not(strstr(ts_out(&unsure), "\npage.front.1.snap\n"));
    cr_expect(strstr(ts_out(&removed), "page.red.2.snap: no test asks for it any more; removed"),
              "%s", ts_out(&removed));
    cr_expect_not(strstr(ts_out(&removed), "\npage.red.2.snap\n"));
    cr_expect_eq(after.status, 0, "%s", ts_out(&after));
}

Test(test_tools, a_redaction_that_hides_nothing_is_told)
{
    const char *dir = ts_temp_dir();
    struct ts_result run = ts_run(
        "cd %s && printf '#include <assay/runner.h>\nTest(page, all) { assay_snapshot(\"{\\\\\"a"
        "\\\\\":1}\", \"/a\", \"/tpyo\", \"[0-9]{4}\"); cr_assert(1); }\n' > page.c && cc -I "
        "$SRC/harness/include %s/page.c -o page -lcriterion && env -u CI assay test --history none "
        "page",
        dir, dir);

    cr_expect_eq(run.status, 0, "%s", ts_err(&run));
    cr_expect(strstr(ts_out(&run), "warning  page/page/all: the redaction /tpyo matches nothing"),
              "%s%s", ts_out(&run), ts_err(&run));
    cr_expect(strstr(ts_out(&run), "the redaction [0-9]{4} matches"));
    cr_expect_not(strstr(ts_out(&run), "the redaction /a "));
}

Test(test_tools, a_spoilt_snapshot_is_red_and_told_by_name)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && assay test --history none page -k front %s";

    build_snapshot_suite(dir, "front");
    struct ts_result spoilt = ts_run("cd %s && mkdir -p snapshots/page.front.2.snap && printf "
                                     "'\\0\\001\\377garbage' > snapshots/page.front.1.snap && "
                                     "assay test --history none page -k front",
                                     dir);
    struct ts_result updated = ts_run(run, dir, "--update-snapshots");
    struct ts_result half = ts_run(run, dir, "");

    cr_expect_eq(spoilt.status, 1);
    cr_expect(strstr(ts_out(&spoilt), "/snapshots/page.front.1.snap"), "%s", ts_out(&spoilt));
    cr_expect(strstr(ts_out(&spoilt), "+ one"));
    cr_expect(strstr(ts_out(&spoilt), "the snapshot cannot be read: "));
    cr_expect(strstr(ts_out(&spoilt), "page.front.2.snap"));
    cr_expect_eq(updated.status, 1); /* a directory is in the way */
    cr_expect_not(strstr(ts_out(&half), "page.front.1.snap"), "%s", ts_out(&half));
}

Test(test_tools, snapshots_that_may_be_another_suites_are_left_alone)
{
    const char *dir = ts_temp_dir();

    build_snapshot_suite(dir, "front");
    struct ts_result run =
        ts_run("cd %s && mkdir snapshots && touch snapshots/other.test.1.snap && "
               "echo '/* assay_snapshot() */' > other.c && assay test --history none page --ci "
               "--update-snapshots; ls snapshots; rm other.c; assay test --history none page --ci",
               dir);

    cr_expect(strstr(ts_out(&run), "\nother.test.1.snap\n"), "%s", ts_out(&run));
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "other.test.1.snap: no test asks for it any more"));
}

Test(test_tools, torture_names_the_call_that_broke_the_code)
{
    struct ts_run_events run = ts_run_suites("sample_torture --timeout 300ms");

    cr_expect_str_eq(ts_status_of(&run, "takes_it_well"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "crashes"), "crash");
    cr_expect(strstr(ts_end_text(&run, "crashes", "reason"),
                     "call 2 failing: malloc (ENOMEM), called from store_crashing"));
    cr_expect(strstr(ts_end_text(&run, "crashes", "stacks"), "store_crashing"));
    cr_expect_str_eq(ts_status_of(&run, "loses_descriptor"), "leak");
    cr_expect(strstr(ts_end_text(&run, "loses_descriptor", "reason"), "/dev/null"));
    cr_expect_str_eq(ts_status_of(&run, "hangs"), "hang");
    cr_expect(strstr(ts_end_text(&run, "hangs", "reason"), "call 1 failing: open"));
    cr_expect(strstr(ts_end_text(&run, "hangs", "reason"), "limit of 0.9 s (0.3 s, times 3 "));
    cr_expect_str_eq(ts_status_of(&run, "meets_no_call"), "error");
    cr_expect_str_eq(ts_status_of(&run, "is_skipped"), "skip");
    ts_run_events_fini(&run);
}

/* The agent judges, asked for or not; memcheck does where it is the tool. */
Test(test_tools, torture_demands_that_no_memory_is_lost)
{
    static const char *const options[] = {"", "--leaks", "--under memcheck"};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct ts_run_events run =
            ts_run_suites("sample_torture -k memory -k takes_it_well %s", options[i]);
        cr_expect_str_eq(ts_status_of(&run, "takes_it_well"), "pass", "%s", options[i]);
        cr_expect_str_eq(ts_status_of(&run, "loses_memory"), "leak", "%s", options[i]);
        cr_expect(i == 2
                  || strstr(ts_end_text(&run, "loses_memory", "reason"),
                            "allocated by store_leaking_memory"));
        cr_expect(strstr(ts_end_text(&run, "loses_memory", "reason"),
                         "call 2 failing: open (ENOENT), called from store_leaking_memory"),
                  "%s: %s", options[i], ts_end_text(&run, "loses_memory", "reason"));
        ts_run_events_fini(&run);
    }
}

Test(test_tools, torture_says_where_nobody_judges_memory)
{
    struct ts_run_events run = ts_run_suites("sample_torture -k takes_it_well --under callgrind");

    cr_expect(ts_has_message(&run, "takes_it_well", "memory was not judged"), "%s",
              ts_out(&run.result));
    ts_run_events_fini(&run);
}

Test(test_tools, torture_names_calls_that_cannot_be_made_to_fail)
{
    struct ts_run_events run = ts_run_suites("sample_torture -k not_wrapped");

    cr_expect_str_eq(ts_status_of(&run, "names_what_is_not_wrapped"), "error");
    cr_expect(strstr(ts_end_text(&run, "names_what_is_not_wrapped", "reason"),
                     "cannot make these fail: opn, write:"),
              "%s", ts_end_text(&run, "names_what_is_not_wrapped", "reason"));
    ts_run_events_fini(&run);
}
