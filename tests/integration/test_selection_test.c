/*
 * Which tests run, in what order, how often, and what the runner remembers of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/runner_support.h"

static size_t count_ids(struct ts_result *result)
{
    size_t count = 0;

    for (const char *at = ts_out(result); (at = strstr(at, "sample_")); at++)
        count += at == ts_out(result) || at[-1] == '\n';
    return count;
}

static struct ts_result list(const char *options)
{
    return ts_run("cd %s && assay test --history none --list %s", ts_suites_dir(), options);
}

Test(test_selection, globs_choose_and_leave_out)
{
    struct ts_result any = list("sample_documented -k params");
    struct ts_result suite = list("sample_documented -k 'params/*'");
    struct ts_result one_case = list("sample_documented -k 'params/numbers[2]'");
    struct ts_result without = list("sample_documented -k 'params/*' -k '!*allocated*'");
    struct ts_result binary = list("sample_documented sample_flaky -k 'sample_flaky/*'");

    cr_expect_eq(count_ids(&any), 5, "%s", ts_out(&any));
    cr_expect_eq(count_ids(&suite), 5);
    cr_expect_eq(count_ids(&one_case), 1);
    cr_expect_eq(count_ids(&without), 3);
    cr_expect_eq(count_ids(&binary), 4);
}

Test(test_selection, tags_of_test_and_suite_choose)
{
    struct ts_result slow = list("sample_options --tag slow");
    struct ts_result suite = list("sample_options --tag suite");
    struct ts_result not_slow = list("sample_options --tag '!slow'");

    cr_expect_eq(count_ids(&slow), 1);
    cr_expect_eq(count_ids(&suite), 7);
    cr_expect_eq(count_ids(&not_slow), 7);
}

Test(test_selection, shards_are_disjoint_and_whole)
{
    struct ts_result all = list("sample_documented sample_verdicts sample_traps");
    size_t total = count_ids(&all), sum = 0;

    for (int i = 1; i <= 3; i++) {
        char options[128];
        (void)snprintf(options, sizeof options,
                       "sample_documented sample_verdicts sample_traps --shard %d/3", i);
        struct ts_result part = list(options);
        cr_expect_gt(count_ids(&part), 0);
        sum += count_ids(&part);
    }
    cr_expect_eq(sum, total);
}

/* What a shard's machine remembers is its own: each keeps a history, and one test became slower. */
Test(test_selection, shards_lose_no_test_to_different_histories)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && assay test --history %s/%d sample_documented --shard %d/2 %s";
    size_t sum = 0;

    for (int i = 1; i <= 2; i++) {
        struct ts_result first = ts_run(run, ts_suites_dir(), dir, i, 1, "");
        cr_expect_leq(first.status, 1);
        ts_result_fini(&first);
    }
    struct ts_result spoilt = ts_run("sed -i 's/^\\(t [a-z]* \\)[0-9.]*/\\1 99/;T;q' %s/2", dir);
    cr_expect_eq(spoilt.status, 0);
    for (int i = 1; i <= 2; i++) {
        struct ts_result part = ts_run(run, ts_suites_dir(), dir, i, i, "--list");
        sum += count_ids(&part);
        ts_result_fini(&part);
    }
    struct ts_result all = list("sample_documented");

    cr_expect_eq(sum, count_ids(&all));
}

Test(test_selection, balanced_shards_are_checked_by_their_fingerprint)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && assay test --history none sample_documented --shard %s "
                      "--balance %s/%s --list";
    char print[64] = "";

    struct ts_result made = ts_run("cd %s && assay test --history %s/one sample_documented -q; "
                                   "sed 's/^\\(t [a-z]*\\) [0-9.]*/\\1 7/;T;q' %s/one > %s/two",
                                   ts_suites_dir(), dir, dir, dir);
    struct ts_result first = ts_run(run, ts_suites_dir(), "1/2", dir, "one");
    const char *at = strstr(ts_err(&first), "shard 1/2@");
    cr_assert(at, "%s %s", ts_err(&first), ts_err(&made));
    (void)snprintf(print, sizeof print, "2/2@%.8s", at + strlen("shard 1/2@"));
    struct ts_result same = ts_run(run, ts_suites_dir(), print, dir, "one");
    struct ts_result other = ts_run(run, ts_suites_dir(), print, dir, "two");
    struct ts_result none = ts_run(run, ts_suites_dir(), "1/2", dir, "three");
    struct ts_result all = list("sample_documented");

    cr_expect_eq(same.status, 0, "%s", ts_err(&same));
    cr_expect_eq(count_ids(&first) + count_ids(&same), count_ids(&all));
    cr_expect_eq(other.status, 2);
    cr_expect(strstr(ts_err(&other), "wants the partition"), "%s", ts_err(&other));
    cr_expect_neq(none.status, 0);
}

Test(test_selection, a_shard_is_named_in_reports_and_may_be_empty)
{
    const char *dir = ts_temp_dir();
    struct ts_result run = ts_run("cd %s; for i in 1 2 3; do assay test --history none "
                                  "sample_own_main --shard $i/3 --junit - --json-out %s/json || "
                                  "exit 1; head -1 %s/json; done",
                                  ts_suites_dir(), dir, dir);
    struct ts_result typo = ts_run(
        "cd %s; assay test --history none sample_own_main --shard 1/3 -k tpyo", ts_suites_dir());
    struct ts_result nothing =
        ts_run("cd %s; assay test --history none sample_no_tests --shard 1/3", ts_suites_dir());

    cr_expect_eq(run.status, 0, "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "<property name=\"shard\" value=\""));
    cr_expect(strstr(ts_out(&run), "\"shard\":\"2/3@"));
    cr_expect_eq(nothing.status, 1);
    cr_expect_eq(typo.status, 1, "%s", ts_err(&typo));
}

Test(test_selection, the_same_seed_gives_the_same_order)
{
    struct ts_result first = list("sample_documented --shuffle=7");
    struct ts_result second = list("sample_documented --seed 7");
    struct ts_result other = list("sample_documented --shuffle=8");
    struct ts_result plain = list("sample_documented");

    cr_expect_str_eq(ts_out(&first), ts_out(&second));
    cr_expect_str_neq(ts_out(&first), ts_out(&other));
    cr_expect_str_neq(ts_out(&first), ts_out(&plain));
    cr_expect_eq(count_ids(&first), count_ids(&plain));
}

Test(test_selection, exact_may_be_given_again)
{
    struct ts_result two = list("sample_documented --exact asserts/pass --exact params/numbers[1]");

    cr_expect_eq(count_ids(&two), 2, "%s", ts_out(&two));
}

Test(test_selection, a_list_says_its_seed_and_that_it_is_empty)
{
    struct ts_result shuffled = list("sample_documented --shuffle=7");
    struct ts_result none = list("sample_documented -k no_such_test");
    struct ts_result allowed = list("sample_documented -k no_such_test --allow-empty");

    cr_expect(strstr(ts_err(&shuffled), "shuffled, seed 7"), "%s", ts_err(&shuffled));
    cr_expect_eq(none.status, 1);
    cr_expect(strstr(ts_err(&none), "no test listed"), "%s", ts_err(&none));
    cr_expect_eq(allowed.status, 0);
}

Test(test_selection, what_cannot_be_meant_is_wrong_usage)
{
    static const char *const cases[][2] = {
        {"-k 'a/['", "'a/[' has a '[' without ']'"},
        {"--shuffle=abc", "--shuffle=SEED or --seed is a number from 1, not 'abc'"},
        {"--junit - --tap -", "stdout carries one report"},
        {"--json --html -", "stdout carries one report"},
        {"--shard 1/2@123", "--shard wants"},
        {"--skip-status 1", "--skip-status"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ts_result run = ts_run("cd %s && assay test --history none sample_own_main %s",
                                      ts_suites_dir(), cases[i][0]);
        cr_expect_eq(run.status, 2, "%s", cases[i][0]);
        cr_expect(strstr(ts_err(&run), cases[i][1]), "%s: %s", cases[i][0], ts_err(&run));
        ts_result_fini(&run);
    }
}

Test(test_selection, a_seed_is_printed)
{
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_own_main --shuffle", ts_suites_dir());

    cr_expect_eq(run.status, 0);
    cr_expect(strstr(ts_out(&run), "seed "));
}

Test(test_selection, a_list_in_json_has_file_and_line)
{
    struct ts_result result =
        ts_run("cd %s && assay test --history none --list --json sample_options", ts_suites_dir());
    json_t *root = json_loads(ts_out(&result), 0, NULL);
    json_t *tests = json_object_get(root, "tests");
    json_t *first = json_array_get(tests, 0);

    cr_assert_eq(json_array_size(tests), 8);
    cr_expect(strstr(json_string_value(json_object_get(first, "file")), "sample_options.c"));
    cr_expect_gt(json_integer_value(json_object_get(first, "line")), 0);
    json_decref(root);
}

Test(test_selection, a_parameterized_test_without_parameters_is_skipped_in_sight)
{
    struct ts_run_events run = ts_run_suites("sample_around -k without_parameters");
    struct ts_result listed = list("sample_around -k without_parameters");
    struct ts_result status = ts_run(
        "cd %s && assay test --history none sample_around -k without_parameters --skip-status 77",
        ts_suites_dir());

    cr_expect_str_eq(ts_status_of(&run, "without_parameters"), "skip");
    cr_expect_str_eq(ts_end_text(&run, "without_parameters", "reason"),
                     "no case: its parameters are empty");
    cr_expect(strstr(ts_out(&listed), "(no parameters)"));
    cr_expect_eq(status.status, 77);
    ts_run_events_fini(&run);
}

Test(test_selection, options_of_a_test_are_obeyed)
{
    struct ts_run_events run = ts_run_suites("sample_options");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_eq(json_integer_value(json_object_get(ts_end_of(&run, "retried"), "attempt")), 2);
    cr_expect_str_eq(ts_status_of(&run, "little_memory"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "own_network"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "temp_dir_is_fresh"), "pass");
    ts_run_events_fini(&run);
}

Test(test_selection, options_of_the_run_hold_for_every_test)
{
    const char *network = "OUTER_NETWORK=$(readlink /proc/self/ns/net)";
    struct ts_run_events plain = ts_run_suites("%s;sample_around", network);
    struct ts_run_events tight =
        ts_run_suites("%s;sample_around --memory 64 --netns --no-stacks --jobs 3", network);

    cr_expect_str_eq(ts_status_of(&plain, "memory_is_limited"), "fail");
    cr_expect_str_eq(ts_status_of(&plain, "network_is_its_own"), "fail");
    cr_expect(strstr(ts_end_text(&plain, "crashes", "stacks"), "abort"));
    cr_expect_str_eq(ts_status_of(&tight, "memory_is_limited"), "pass");
    cr_expect_str_eq(ts_status_of(&tight, "network_is_its_own"), "pass");
    cr_expect_str_eq(ts_status_of(&tight, "crashes"), "crash");
    cr_expect(json_is_null(json_object_get(ts_end_of(&tight, "crashes"), "stacks")));
    ts_run_events_fini(&plain);
    ts_run_events_fini(&tight);
}

Test(test_selection, output_is_let_through_when_asked_for)
{
    struct ts_result run = ts_run("cd %s && assay test --history none sample_noisy -k prints_much "
                                  "--no-capture",
                                  ts_suites_dir());

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "line 1\nline 2\n"), "%s", ts_out(&run));
    cr_expect_not(strstr(ts_out(&run), "    | line"));
}

Test(test_selection, a_retry_that_passes_is_flaky_and_green)
{
    struct ts_run_events run = ts_run_suites("sample_flaky --retries 1 -k passes_on_retry");

    json_t *counts = json_object_get(run.run_end, "counts");
    cr_expect_eq(run.result.status, 0);
    cr_expect_eq(json_integer_value(json_object_get(counts, "flaky")), 1);
    ts_run_events_fini(&run);
}

Test(test_selection, fail_fast_stops_at_the_first_red)
{
    struct ts_run_events run = ts_run_suites("sample_flaky --fail-fast -j1");

    json_t *counts = json_object_get(run.run_end, "counts");
    cr_expect_eq(run.result.status, 1);
    cr_expect_gt(json_integer_value(json_object_get(counts, "not_run")), 0);
    ts_run_events_fini(&run);
}

Test(test_selection, repeat_and_until_fail_run_again)
{
    const char *dir = ts_temp_dir();
    struct ts_run_events repeat = ts_run_suites("sample_flaky -k steady --repeat 5");
    struct ts_run_events until = ts_run_suites("sample_flaky -k never_passes --until-fail");
    struct ts_run_events both = ts_run_suites("sample_flaky -k steady --until-fail --repeat 5");
    struct ts_run_events red = ts_run_suites("sample_flaky -k never --until-fail --repeat 5");

    cr_expect_eq(json_array_size(repeat.ends), 5);
    cr_expect_eq(json_array_size(until.ends), 1);
    cr_expect_eq(json_array_size(both.ends), 5);
    cr_expect_eq(both.result.status, 0);
    cr_expect_eq(json_array_size(red.ends), 1);
    cr_expect_eq(red.result.status, 1);
    ts_run_events_fini(&both);
    ts_run_events_fini(&red);
    cr_expect_not_null(dir);
    ts_run_events_fini(&repeat);
    ts_run_events_fini(&until);
}

Test(test_selection, the_last_run_is_remembered)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && %s assay test --history %s/history %s sample_flaky -k "
                      "as_file_says -k steady";

    struct ts_result red = ts_run("touch %s/flag", dir);
    ts_result_fini(&red);
    char flag[128];
    (void)snprintf(flag, sizeof flag, "FLAKY_FILE=%s/flag", dir);
    red = ts_run(run, ts_suites_dir(), flag, dir, "");
    struct ts_result failed = ts_run(run, ts_suites_dir(), flag, dir, "--last-failed --list");
    struct ts_result first = ts_run(run, ts_suites_dir(), flag, dir, "--failed-first --list");
    struct ts_result unchanged = ts_run(run, ts_suites_dir(), flag, dir, "--changed --list");

    cr_expect_eq(red.status, 1, "%s", ts_out(&red));
    cr_expect_eq(count_ids(&failed), 1, "%s", ts_out(&failed));
    cr_expect(strstr(ts_out(&failed), "as_file_says"));
    cr_expect_eq(strncmp(ts_out(&first), "sample_flaky/flaky/as_file_says", 31), 0);
    cr_expect_eq(count_ids(&unchanged), 0);
}

/* A run of some tests in a new binary leaves the others to be run. */
Test(test_selection, changed_forgets_no_test_after_a_partial_run)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s && assay test --history h ./s %s";

    struct ts_result built = ts_run("cp %s/sample_flaky %s/s", ts_suites_dir(), dir);
    struct ts_result all = ts_run(run, dir, "");
    struct ts_result touched = ts_run("touch %s/s", dir);
    struct ts_result some = ts_run(run, dir, "-k steady");
    struct ts_result left = ts_run("cd %s && assay test --history h ./s --changed --list", dir);

    cr_assert_eq(built.status + touched.status, 0);
    cr_expect_leq(all.status, 1);
    cr_expect_eq(some.status, 0);
    cr_expect_not(strstr(ts_out(&left), "steady"), "%s", ts_out(&left));
    cr_expect(strstr(ts_out(&left), "never_passes"), "%s", ts_out(&left));
}

Test(test_selection, a_corrupt_history_is_left_out_with_a_word)
{
    const char *dir = ts_temp_dir();
    struct ts_result made =
        ts_run("printf 'assay-history 2\\nt pass x 7 y\\n\\377\\n' > %s/bad; head -c 4096 "
               "/dev/urandom > %s/worse",
               dir, dir);
    struct ts_result bad =
        ts_run("cd %s && assay test sample_own_main --history %s/bad", ts_suites_dir(), dir);
    struct ts_result worse =
        ts_run("cd %s && assay test sample_own_main --history %s/worse", ts_suites_dir(), dir);
    struct ts_result healed =
        ts_run("cd %s && assay test sample_own_main --history %s/worse", ts_suites_dir(), dir);

    cr_expect_eq(made.status, 0);
    cr_expect_eq(bad.status, 0);
    cr_expect(strstr(ts_err(&bad), "unreadable"));
    cr_expect_eq(worse.status, 0);
    cr_expect(strstr(ts_err(&worse), "unreadable"));
    cr_expect_eq(healed.status, 0);
    cr_expect_null(strstr(ts_err(&healed), "unreadable"));
}

/* Ids do not depend on the order binaries are given in. */
Test(test_selection, binaries_of_one_name_are_told_apart_by_their_directories)
{
    const char *dir = ts_temp_dir();
    struct ts_result run = ts_run(
        "cd %s && mkdir -p a b/a && cp %s/sample_own_main a/t && cp a/t b/a/t && cp a/t b/t && "
        "assay test --list a/t b/a/t b/t a/t | cut -d' ' -f1 | sort > one; "
        "assay test --list b/t a/t a/t b/a/t | cut -d' ' -f1 | sort > two; "
        "cmp one two; cut -d/ -f1 one",
        dir, ts_suites_dir());

    cr_expect_eq(run.status, 0, "%s", ts_err(&run));
    cr_expect(strstr(ts_out(&run), "t@b\n"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "t@b.a\n"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), ".a~2\n"), "%s", ts_out(&run));
    ts_result_fini(&run);
}
