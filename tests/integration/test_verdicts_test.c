/*
 * One verdict a test, and all that a verdict tells.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/integration/runner_support.h"

/* One run for all claims of this file: Criterion forks its workers from a process that has not run
 * it, so each asks for its own. */
static struct ts_run_events run_verdicts(void)
{
    return ts_run_suites("sample_verdicts");
}

Test(test_verdicts, every_test_has_the_verdict_its_name_says)
{
    static const char *const expected[][2] = {
        {"pass", "pass"},
        {"asserts_nothing", "pass"},
        {"fail", "fail"},
        {"crash", "crash"},
        {"crash_in_thread", "crash"},
        {"crash_of_stack", "crash"},
        {"crash_by_jump", "crash"},
        {"exit_zero", "exit"},
        {"skip", "skip"},
        {"skip_disabled", "skip"},
        {"timeout_busy", "timeout"},
        {"hang_idle", "hang"},
        {"left_over_process", "left_over"},
        {"left_over_daemon", "left_over"},
        {"left_over_socket", "left_over"},
        {"pass_with_open_file", "pass"},
        {"pass_redirected", "pass"},
        {"pass_redirected_with_open_file", "pass"},
        {"error_parent_killed", "error"},
    };

    struct ts_run_events run = run_verdicts();

    cr_assert_eq(run.result.status, 1, "%s", ts_err(&run.result));
    cr_expect_eq(json_array_size(run.ends), sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_expect_str_eq(ts_status_of(&run, expected[i][0]), expected[i][1], "%s: %s (%s)",
                         expected[i][0], ts_status_of(&run, expected[i][0]),
                         ts_end_text(&run, expected[i][0], "reason"));
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_failure_tells_message_place_and_output)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k verdicts/fail");

    json_t *end = ts_end_of(&run, "fail");
    json_t *output = json_object_get(end, "output");
    json_t *first = json_array_get(json_object_get(end, "messages"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(first, "text")), "one is not 2");
    cr_expect(strstr(json_string_value(json_object_get(first, "file")), "sample_verdicts.c"));
    cr_expect_gt(json_integer_value(json_object_get(first, "line")), 0);
    cr_expect(ts_has_message(&run, "fail", "and \"this\" <ends> it"));
    cr_expect_str_eq(json_string_value(json_object_get(output, "stdout")), "to stdout\n");
    cr_expect_str_eq(json_string_value(json_object_get(output, "stderr")), "to stderr\n");
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_crash_tells_signal_stack_and_last_words)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k verdicts/crash");

    cr_expect_str_eq(ts_end_text(&run, "crash", "signal"), "SIGSEGV");
    cr_expect(strstr(ts_end_text(&run, "crash", "reason"), "address 0x8"));
    cr_expect(strstr(ts_end_text(&run, "crash", "stacks"), "#0  verdicts_crash_impl"), "%s",
              ts_end_text(&run, "crash", "stacks"));
    cr_expect(strstr(ts_end_text(&run, "crash", "stacks"), "sample_verdicts.c:"));
    json_t *output = json_object_get(ts_end_of(&run, "crash"), "output");
    cr_expect_str_eq(json_string_value(json_object_get(output, "stdout")), "last words\n");
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_crash_shows_every_thread_the_guilty_one_first)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k crash_in_thread");

    const char *stacks = ts_end_text(&run, "crash_in_thread", "stacks");
    const char *guilty = strstr(stacks, "crash_here");
    cr_assert_not_null(guilty, "%s", stacks);
    cr_assert_not_null(strstr(stacks, "which crashed"));
    cr_expect_lt(strstr(stacks, "which crashed"), guilty);
    cr_expect_gt(strstr(stacks, "wait_for_ever"), guilty);
    ts_run_events_fini(&run);
}

Test(test_verdicts, overflow_and_wild_jump_are_called_by_name)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k '*/crash_{of,by}*'");

    cr_expect(strstr(ts_end_text(&run, "crash_of_stack", "reason"), "stack overflow"));
    cr_expect(strstr(ts_end_text(&run, "crash_of_stack", "stacks"), "#0  descend"));
    cr_expect(strstr(ts_end_text(&run, "crash_of_stack", "stacks"), "#20 descend"));
    cr_expect_str_eq(ts_end_text(&run, "crash_of_stack", "signal"), "SIGSEGV");
    cr_expect(strstr(ts_end_text(&run, "crash_by_jump", "reason"), "0x0, where no code is"));
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_hang_shows_where_it_waits)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k hang_idle");

    cr_expect(strstr(ts_end_text(&run, "hang_idle", "stacks"), "verdicts_hang_idle_impl"));
    ts_run_events_fini(&run);
}

/* Neither a zero byte nor a thread that waits for nothing leaves a hole in what is told. */
Test(test_verdicts, zero_bytes_and_a_busy_thread_are_shown)
{
    struct ts_run_events run = ts_run_suites("sample_noisy -k zeros -k spins");
    json_t *output = json_object_get(ts_end_of(&run, "prints_zeros"), "output");

    cr_expect_str_eq(json_string_value(json_object_get(output, "stdout")), "before\xE2\x90\x80"
                                                                           "after");
    cr_expect_str_eq(ts_status_of(&run, "spins"), "timeout");
    cr_expect(strstr(ts_end_text(&run, "spins", "stacks"), ", running:"));
    ts_run_events_fini(&run);
}

/* The lane itself hangs: after the test, where its limit would seem kept, or because of the test.
 */
Test(test_verdicts, a_lane_that_tells_nothing_is_replaced)
{
    struct ts_run_events run = ts_run_suites("sample_stuck -j2");

    cr_expect_str_eq(ts_status_of(&run, "a_before"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "hook_hangs"), "error");
    cr_expect(strstr(ts_end_text(&run, "hook_hangs", "reason"), "a report hook"));
    cr_expect_str_eq(ts_status_of(&run, "lane_stopped"), "hang");
    cr_expect(strstr(ts_end_text(&run, "lane_stopped", "stacks"), "stuck_lane_stopped_impl"));
    cr_expect_str_eq(ts_status_of(&run, "z_after"), "pass");
    ts_run_events_fini(&run);
}

Test(test_verdicts, nothing_a_test_started_survives_it)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k left_over");

    cr_expect_not(ts_is_running("sleep 3851"));
    cr_expect_not(ts_is_running("sleep 3852"));
    json_t *leak = json_array_get(json_object_get(ts_end_of(&run, "left_over_daemon"), "leaks"), 0);
    cr_expect(strstr(json_string_value(json_object_get(leak, "text")), "sleep 3852"));
    ts_run_events_fini(&run);
}

Test(test_verdicts, left_overs_may_be_allowed)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k left_over --allow-leftovers");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_not(ts_is_running("sleep 3851"));
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_test_without_assertions_is_noticed)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k asserts_nothing -k verdicts/pass");

    cr_expect(
        json_is_true(json_object_get(ts_end_of(&run, "asserts_nothing"), "asserted_nothing")));
    cr_expect(json_is_false(json_object_get(ts_end_of(&run, "pass"), "asserted_nothing")));
    cr_expect_eq(run.result.status, 0);
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_skip_has_its_reason)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts -k verdicts/skip");

    cr_expect_str_eq(ts_end_text(&run, "skip", "reason"), "because of 3");
    cr_expect_eq(run.result.status, 0);
    ts_run_events_fini(&run);
}

Test(test_verdicts, sanitizers_speak_for_their_test_alone)
{
    struct ts_run_events run = ts_run_suites("sample_asan");

    cr_expect_str_eq(ts_status_of(&run, "clean"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "leak"), "leak");
    cr_expect_str_eq(ts_status_of(&run, "use_after_free"), "sanitizer");
    cr_expect_str_eq(ts_status_of(&run, "overflow_of_int"), "sanitizer");
    cr_expect(strstr(ts_end_text(&run, "use_after_free", "reason"), "heap-use-after-free"));
    json_t *leak = json_array_get(json_object_get(ts_end_of(&run, "leak"), "leaks"), 0);
    cr_expect_eq(json_integer_value(json_object_get(leak, "bytes")), 123);
    ts_run_events_fini(&run);
}

Test(test_verdicts, a_thread_sanitizer_build_runs_and_finds_its_race)
{
    struct ts_run_events run = ts_run_suites("sample_tsan");

    cr_expect_str_eq(ts_status_of(&run, "race"), "sanitizer", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "clean"), "pass");
    ts_run_events_fini(&run);
}
