/*
 * assay test --under leaks: what each test lost is that test's, and nobody else's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/runner_support.h"
#include "tests/support/json_schema.h"

static bool is_red_for_leaks(json_t *end)
{
    const char *status = json_string_value(json_object_get(end, "status"));

    return status && strcmp(status, "leak") == 0;
}

/* The tests of suite "agree" with memcheck's own eyes. */
Test(test_leaks, the_same_tests_are_red_as_under_memcheck)
{
    struct ts_run_events own = ts_run_suites("sample_leaks --under leaks -k 'agree/*'");
    struct ts_run_events memcheck = ts_run_suites("sample_leaks --under memcheck -k 'agree/*'");
    size_t index, red = 0;
    json_t *end;

    cr_assert_eq(json_array_size(own.ends), json_array_size(memcheck.ends));
    json_array_foreach(own.ends, index, end)
    {
        const char *id = json_string_value(json_object_get(end, "id"));
        json_t *theirs = ts_end_of(&memcheck, strrchr(id, '/') + 1);
        cr_expect_eq(is_red_for_leaks(end), is_red_for_leaks(theirs), "%s: %d here, %d there", id,
                     is_red_for_leaks(end), is_red_for_leaks(theirs));
        red += is_red_for_leaks(end);
    }
    cr_expect_eq(red, 7, "%zu red of 11: one list cycle copied_text grown thread fixture", red);
    ts_run_events_fini(&own);
    ts_run_events_fini(&memcheck);
}

static json_t *leak_of(const struct ts_run_events *run, const char *test)
{
    return json_array_get(json_object_get(ts_end_of(run, test), "leaks"), 0);
}

static void expect_leak(const struct ts_run_events *run, const char *test, json_int_t bytes,
                        const char *place)
{
    const char *text = json_string_value(json_object_get(leak_of(run, test), "text"));

    cr_expect_str_eq(ts_status_of(run, test), "leak", "%s", test);
    cr_expect_eq(json_integer_value(json_object_get(leak_of(run, test), "bytes")), bytes, "%s",
                 test);
    cr_expect(text && strstr(text, place), "%s: %s", test, text ? text : "none");
}

Test(test_leaks, each_loss_names_its_amount_function_file_and_line)
{
    struct ts_run_events run = ts_run_suites("sample_leaks --under leaks -k 'agree/*' -k many");

    expect_leak(&run, "one", 100, "make (");
    expect_leak(&run, "one", 100, "sample_leaks.c:");
    expect_leak(&run, "copied_text", 25, "agree_copied_text_impl (");
    expect_leak(&run, "grown", 5000, "agree_grown_impl (");
    expect_leak(&run, "list", 48, "through them 96 bytes in 2");
    expect_leak(&run, "by_a_thread_that_ended", 200, "make (");
    expect_leak(&run, "fixture_loses", 71, "make (");
    expect_leak(&run, "many_of_one_place", 16000, "1000 blocks");
    cr_expect(ts_has_message(&run, "one", "agree_one_impl"), "the stack goes on to the test");
    cr_expect_not(ts_has_message(&run, "one", "criterion_internal"), "and ends there");
    ts_run_events_fini(&run);
}

Test(test_leaks, possible_and_reachable_are_told_and_not_red)
{
    struct ts_run_events run =
        ts_run_suites("sample_leaks --under leaks -k middle -k agree/kept -k agree/nothing");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect(ts_has_message(&run, "middle", "1000 bytes in 1 block possibly lost"));
    cr_expect(ts_has_message(&run, "kept", "still reachable at its end: 96 bytes in 2 blocks"));
    cr_expect_eq(json_array_size(json_object_get(ts_end_of(&run, "nothing"), "messages")), 0);
    ts_run_events_fini(&run);
}

Test(test_leaks, what_a_test_inherits_is_nobodys_leak)
{
    struct ts_run_events run = ts_run_suites("sample_heirs --under leaks");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_eq(json_array_size(run.ends), 3);
    cr_expect(ts_has_message(&run, "uses_what_was_there", "still reachable at its end: 80 bytes"));
    ts_run_events_fini(&run);
}

Test(test_leaks, nor_is_it_under_memcheck)
{
    struct ts_run_events run =
        ts_run_suites("sample_heirs sample_tools --under memcheck -k 'heirs/*' "
                      "-k tools/leak");

    cr_expect_str_eq(ts_status_of(&run, "inherits[0]"), "pass", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "inherits[1]"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "leak"), "leak");
    cr_expect(
        ts_has_message(&run, "leak", "123 (+123) bytes in 1 (+1) blocks are definitely lost"));
    ts_run_events_fini(&run);
}

Test(test_leaks, threads_that_wait_hold_their_blocks_even_deaf_ones)
{
    struct ts_run_events run = ts_run_suites("sample_leaks --under leaks -k holds_its_block");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_eq(json_array_size(run.ends), 2);
    cr_expect_not(ts_has_message(&run, "deaf_thread_holds_its_block", "did not stop"));
    ts_run_events_fini(&run);
}

Test(test_leaks, other_endings_keep_their_verdict)
{
    struct ts_run_events run = ts_run_suites("sample_leaks --under leaks -k 'own/*'");

    cr_expect_str_eq(ts_status_of(&run, "failed_check_stays_the_verdict"), "fail");
    cr_expect_str_eq(ts_status_of(&run, "skipped"), "skip");
    cr_expect_str_eq(ts_status_of(&run, "dies_as_declared"), "pass");
    cr_expect(ts_has_message(&run, "dies_as_declared", "memory was not judged"));
    cr_expect_str_eq(ts_status_of(&run, "closed_every_descriptor"), "leak");
    ts_run_events_fini(&run);
}

Test(test_leaks, processes_that_a_test_starts_are_judged_too)
{
    struct ts_run_events run =
        ts_run_suites("SEEDED=" LEAKS_SEEDED "; sample_leaks --under leaks -k 'child/*'");

    expect_leak(&run, "forked_loses", 110, "process ");
    expect_leak(&run, "orphan_loses", 112, "process ");
    expect_leak(&run, "program_loses", 100, "leaks_seeded");
    cr_expect_str_eq(ts_status_of(&run, "forked_holds_what_it_inherited"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "program_loses_nothing"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "tools_of_the_system"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "program_crashes"), "pass");
    cr_expect(
        ts_has_message(&run, "program_crashes", "memory was not judged: it ended by a signal"));
    ts_run_events_fini(&run);
}

/* The fixture's server, and what it lost: a program of the system, told in a line and not red. */
Test(test_leaks, the_server_of_a_fixture_is_judged_when_it_ends)
{
    struct ts_run_events run = ts_run_suites("%s --under leaks -k redis_starts", SERVER_SUITE);

    if (strstr(ts_err(&run.result), "built with") || strstr(ts_out(&run.result), "built with"))
        cr_skip("this build's suites have a sanitizer, and the agent stays out of them");
    cr_expect_str_eq(ts_status_of(&run, "redis_starts_answers_and_ends_with_zero"), "pass", "%s",
                     ts_out(&run.result));
    cr_expect(ts_has_message(&run, "redis_starts_answers_and_ends_with_zero",
                             "a program of the system lost"));
    ts_run_events_fini(&run);
}

/* Servers, connections, filters of JSON: closed before anybody looks. */
Test(test_leaks, the_harness_leaves_nothing_of_its_own)
{
    static const char *const tools[] = {"--leaks", "--under leaks"};

    for (unsigned i = 0; i < sizeof tools / sizeof *tools; i++) {
        struct ts_result run =
            ts_run("cd %s && assay test --history none %s -k users -k service %s", ts_temp_dir(),
                   tools[i], SAMPLE_SUITE);
        if (strstr(ts_err(&run), "built with") || strstr(ts_out(&run), "built with"))
            cr_skip("this build's suites have a sanitizer, and the agent stays out of them");
        cr_expect_eq(run.status, 0, "%s: %s%s", tools[i], ts_out(&run), ts_err(&run));
        ts_result_fini(&run);
    }
}

Test(test_leaks, what_the_harness_holds_is_not_told_of_a_failed_test)
{
    struct ts_run_events run = ts_run_suites("sample_http_red");

    cr_expect_str_eq(ts_status_of(&run, "asks_for_too_much"), "fail", "%s", ts_out(&run.result));
    cr_expect_null(strstr(ts_err(&run.result), "left (fd)"), "%s", ts_err(&run.result));
    ts_run_events_fini(&run);
}

Test(test_leaks, a_network_of_its_own_hides_nothing_of_the_test_itself)
{
    struct ts_run_events run =
        ts_run_suites("sample_leaks --under leaks --netns -k agree/one -k agree/nothing");

    cr_expect_str_eq(ts_status_of(&run, "one"), "leak", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "nothing"), "pass");
    cr_expect(ts_has_message(&run, "nothing", "programs it started is not judged"));
    ts_run_events_fini(&run);
}

Test(test_leaks, every_report_tells_it)
{
    const char *dir = ts_temp_dir();
    char why[512];

    struct ts_result run = ts_run("cd %s && assay test --history none --under leaks sample_leaks "
                                  "-k agree/one -k agree/nothing --junit %s/j.xml --tap %s/t.tap "
                                  "--html %s/h.html --json-out %s/e.json --github",
                                  ts_suites_dir(), dir, dir, dir, dir);
    struct ts_result junit = ts_run("cat %s/j.xml", dir);
    struct ts_result valid =
        ts_run("xmllint --noout --schema $SRC/docs/schemas/junit.xsd %s/j.xml", dir);
    struct ts_result tap = ts_run("cat %s/t.tap", dir);
    struct ts_result html = ts_run("cat %s/h.html", dir);
    struct ts_result json = ts_run("grep test_end %s/e.json | grep /one", dir);

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "100 bytes in 1 block definitely lost, allocated by make"));
    cr_expect(strstr(ts_out(&run), "::error file="), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&junit), "<error type=\"leak\" message=\"100 bytes in 1 block"));
    cr_expect_eq(valid.status, 0, "%s", ts_err(&valid));
    cr_expect(strstr(ts_out(&tap), "100 bytes in 1 block definitely lost"));
    cr_expect(strstr(ts_out(&html), "100 bytes in 1 block definitely lost"));
    cr_expect(ts_json_follows(ts_out(&json), "test-events.json", why, sizeof why), "%s", why);
    cr_expect(strstr(ts_out(&json), "\"kind\":\"definite\",\"bytes\":100"));
}

Test(test_leaks, an_ordinary_user_needs_no_right)
{
    struct ts_result run = ts_run("cd %s && %s \"$ASSAY_BIN\" test --history none --under leaks "
                                  "sample_leaks -k agree/one -k agree/nothing",
                                  ts_suites_dir(), ts_as_user());
    struct ts_result denied = ts_run("cd %s && %s " DENY_PTRACE " \"$ASSAY_BIN\" test --history "
                                     "none --under leaks sample_leaks -k agree/one",
                                     ts_suites_dir(), ts_as_user());

    cr_expect(strstr(ts_out(&run), "1 pass, 1 leak"), "%s%s", ts_out(&run), ts_err(&run));
    cr_expect(strstr(ts_out(&denied), "0 pass, 1 leak"), "%s%s", ts_out(&denied), ts_err(&denied));
    cr_expect_null(strstr(ts_err(&denied), "memcheck"));
}

Test(test_leaks, without_the_agent_memcheck_judges_and_that_is_said)
{
    struct ts_run_events run = ts_run_suites(
        "ASSAY_AGENT=/nonexistent; sample_leaks --under leaks -k agree/one -k agree/nothing");

    cr_expect_str_eq(ts_status_of(&run, "one"), "leak");
    cr_expect_str_eq(ts_status_of(&run, "nothing"), "pass");
    cr_expect(ts_has_message(&run, "one", "definitely lost"));
    cr_expect(strstr(ts_err(&run.result), "run under memcheck instead"), "%s", ts_err(&run.result));
    ts_run_events_fini(&run);
}

Test(test_leaks, builds_that_cannot_be_looked_into_are_told_apart)
{
    struct ts_run_events asan = ts_run_suites("sample_asan --under leaks -k clean -k asan/leak");
    struct ts_run_events tsan = ts_run_suites("sample_tsan --under leaks");
    struct ts_run_events blind = ts_run_suites("sample_own_malloc --under leaks");
    struct ts_run_events engine = ts_run_suites("sample_leaks --under leaks --engine criterion");

    cr_expect(strstr(ts_err(&asan.result), "its own LeakSanitizer judges"));
    cr_expect_str_eq(ts_status_of(&asan, "clean"), "pass");
    cr_expect_eq(tsan.result.status, 1);
    cr_expect(strstr(ts_out(&tsan.result), "neither the agent nor valgrind"));
    cr_expect_eq(blind.result.status, 1);
    cr_expect(strstr(ts_out(&blind.result), "an allocator of its own"), "%s%s",
              ts_out(&blind.result), ts_err(&blind.result));
    cr_expect_eq(json_array_size(blind.ends), 0);
    cr_expect_eq(engine.result.status, 2);
    ts_run_events_fini(&asan);
    ts_run_events_fini(&tsan);
    ts_run_events_fini(&blind);
    ts_run_events_fini(&engine);
}

/* --leaks alone means the same memory, and descriptors on top. */
Test(test_leaks, the_option_leaks_uses_the_agent)
{
    struct ts_run_events run = ts_run_suites("sample_leaks --leaks -k agree/one -k agree/nothing");

    expect_leak(&run, "one", 100, "make (");
    cr_expect_str_eq(ts_status_of(&run, "nothing"), "pass");
    ts_run_events_fini(&run);
}
