/*
 * The examples of the mock documentation pass, and each red twin fails for the reason it states.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>

#include "mocks_support.h"

static void all_pass(const char *program, const char *count)
{
    struct ts_result result = ts_run(MOCK_BIN "/%s -j1 --encoding=C", program);

    cr_assert_eq(result.status, 0, "%s: %s", program, ts_err(&result));
    cr_assert_not_null(strstr(ts_err(&result), count), "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_examples, green_ones_pass)
{
    all_pass("mock_green", "Tested: 8 | Passing: 8 ");
}

Test(mocks_examples, clock_ones_pass)
{
    all_pass("mock_clock", "Tested: 23 | Passing: 23 ");
}

Test(mocks_examples, seams_pass)
{
    all_pass("mock_seams", "Tested: 11 | Passing: 11 ");
}

Test(mocks_examples, fault_plans_pass)
{
    all_pass("mock_faults", "Tested: 14 | Passing: 14 ");
}

Test(mocks_examples, exits_pass)
{
    all_pass("mock_exits", "Tested: 7 | Passing: 7 ");
}

Test(mocks_examples, rules_pass)
{
    all_pass("mock_rules", "Tested: 21 | Passing: 21 ");
}

/* The runner warns of a test without an assertion: a demand that held is one. */
Test(mocks_examples, a_demand_that_held_is_an_assertion)
{
    struct ts_result result =
        ts_run("assay test " MOCK_BIN "/mock_rules --filter demands/alone_are_an_assertion");

    cr_assert_eq(result.status, 0, "%s%s", ts_out(&result), ts_err(&result));
    cr_assert_null(strstr(ts_out(&result), "asserted nothing"), "%s", ts_out(&result));
    cr_assert_null(strstr(ts_err(&result), "asserted nothing"), "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_examples, a_seed_repeats_its_faults)
{
    struct ts_result once = ts_run("ASSAY_SEED=7 " MOCK_BIN "/mock_faults --filter '*/chance*'");
    struct ts_result again = ts_run("ASSAY_SEED=7 " MOCK_BIN "/mock_faults --filter '*/chance*'");
    const char *seed = strstr(ts_err(&once), "chance by ASSAY_SEED=7\n");
    const char *failed = strstr(ts_err(&once), "failed ");

    cr_assert_not_null(seed, "%s", ts_err(&once));
    cr_assert_not_null(failed);
    cr_assert_not_null(strstr(ts_err(&again), failed));
    ts_result_fini(&once);
    ts_result_fini(&again);
}

struct twin {
    const char *program, *test, *line, *why;
};

static const struct twin twins[] = {
    {"mock_red", "mock_never_met", "sample_red.c:",
     "mock_read: met 0 times, expected 1: read was wrapped but never called in this test"},
    {"mock_red", "sequence_not_used_up", "sample_red.c:", "seq_read: met 0 times"},
    {"mock_red", "expectation_with_other_arguments",
     "sample_red.c:", "the nearest call, from conn_refuse, had flags = 16384, wanted BITS 0x1"},
    {"mock_red", "call_that_was_not_made",
     "sample_red.c:", "read_call(5): there were only 1 calls of read"},
    {"mock_red", "count_nobody_keeps", "sample_red.c:", "nobody watches write in this test"},
    {"mock_red", "spy_that_answers", "sample_red.c:", "spy_write: .ret, .err and .call would do"},
    {"mock_red", "failure_that_never_came",
     "sample_red.c:", "fail_malloc: met 0 times, expected 1: 3 calls fit it, of 3"},
    {"mock_red", "failure_that_cannot_be", "sample_red.c:", "EPIPE is not an error it reports"},
    {"mock_red", "wrong_order", "sample_red.c:",
     "called out of order: this is position 2, next due is position 1, expect_recv"},
    {"mock_red", "strict_close",
     "sample_red.c:", "strict(close): unexpected call to close from proxy_handshake"},
    {"mock_red", "forbidden_connect",
     "sample_red.c:", "forbid(connect): unexpected call to connect from proxy_handshake"},
    {"mock_red", "exit_with_another_code", "sample_red.c:", "EXPECT_EXIT(4): it ended with 3"},
    {"mock_red", "exit_that_does_not_come",
     "sample_red.c:", "EXPECT_EXIT(0): the body did not end the process"},
    {"mock_red", "answer_that_does_not_fit",
     "sample_red.c:", ".out_buf has 5000 bytes, the caller's buffer only 4096"},
    {"mock_red", "mocked_exit_without_a_way_back",
     "sample_red.c:", "exit does not return, and there is no EXPECT_EXIT"},
    {"mock_red", "write_that_does_not_go_on",
     "sample_red.c:", "the other four bytes were never written"},
    {"mock_red_clock", "idle_connection_nobody_closes",
     "sample_red_clock.c:", "still open after 60 s"},
    {"mock_red_exits", "exit_that_was_forbidden",
     "sample_red_exits.c:", "exit does not return, and there is no EXPECT_EXIT"},
    {"mock_red_exits", "exit_in_another_thread",
     "sample_red_exits.c:", "exit was called in another thread than the block's"},
    {"mock_red_exits", "block_left_by_return",
     "sample_red_exits.c:", "EXPECT_EXIT(3): the body did not end the process"},
    {"mock_red_exits", "block_left_by_break",
     "sample_red_exits.c:", "EXPECT_EXIT(5): the body did not end the process"},
    {"mock_red_die", "end_without_a_code",
     "sample_red_die.c:", "EXPECT_EXIT(9): it ended by die, which does not say its code"},
    {"mock_red_die", "end_with_another_code",
     "sample_red_die.c:", "EXPECT_EXIT(9): it ended with 8"},
    {"mock_red_rules", "fakes_in_another_order", "sample_red_rules.c:",
     "mock_send: called out of order: this is position 2, next due is position 1, mock_recv"},
    {"mock_red_rules", "fake_met_again_too_late",
     "sample_red_rules.c:", "this is position 1, met before it is position 2, mock_read"},
    {"mock_red_rules", "spy_of_other_calls_that_are_counted",
     "sample_red_rules.c:", "had fd = -1, wanted IS 99"},
    {"mock_red_rules", "failure_that_fills",
     "sample_red_rules.c:", "fail_read: .ret, .call, .with_ and .out_ would do nothing"},
    {"mock_red_rules", "error_that_fills",
     "sample_red_rules.c:", "mock_read: .out_ would do nothing: a call that fails stores nothing"},
    {"mock_red_rules", "result_of_an_error_that_fills",
     "sample_red_rules.c:", "mock_read: .out_ would do nothing: a call that fails stores nothing"},
    {"mock_red_rules", "fake_with_an_answer_beside_it",
     "sample_red_rules.c:", "mock_read: .ret, .err and .out_ would do nothing: .call answers"},
    {"mock_red_rules", "nth_of_several_times",
     "sample_red_rules.c:", "mock_read: .nth is one call, .times more"},
    {"mock_red_rules", "more_than_always",
     "sample_red_rules.c:", "fail_read: .percent is of 100 calls"},
    {"mock_red_rules", "chance_that_no_call_had",
     "sample_red_rules.c:", "fail_read: met 0 times, expected 1: read was wrapped but never"},
    {"mock_red_rules", "plan_by_chance_that_no_call_had",
     "sample_red_rules.c:", "fault_plan: no call met it"},
    {"mock_red_rules", "plan_with_a_typo",
     "sample_red_rules.c:", "fault_plan: wrtie is not wrapped"},
    {"mock_red_rules", "plan_that_half_its_functions_ignore",
     "sample_red_rules.c:", "fault_plan: poll does not report this error"},
    {"mock_red_rules", "plan_to_cut_a_stream",
     "sample_red_rules.c:", "fault_plan: fread never moves fewer bytes than asked"},
    {"mock_red_rules", "plan_of_more_than_always",
     "sample_red_rules.c:", "fault_plan: .percent is of 100 calls"},
    {"mock_red_rules", "pointer_in_place_of_text",
     "sample_red_rules.c:", "(this pointer; STR compares text)"},
    {"mock_red_faults", "plan_that_meets_no_call",
     "sample_red_faults.c:", "fault_plan: no call met it"},
    {"mock_red_faults", "plan_for_nobody",
     "sample_red_faults.c:", "fault_plan: write does not report this error"},
    {"mock_red_faults", "plan_of_nothing",
     "sample_red_faults.c:", "fault_plan: a fault is .err or .short_bytes"},
    {"mock_red_faults", "fake_with_altered_arguments",
     "sample_red_faults.c:", "mock_read: .with_ would do nothing"},
    {"mock_red_clock", "wait_without_end",
     "sample_red_clock.c:", "waits for what can never come: nothing is ready"},
    {"mock_red_clock", "advance_backwards",
     "sample_red_clock.c:", "clock_advance_ms(-1): a clock does not go back"},
    {"mock_red_clock", "advance_beyond_counting",
     "sample_red_clock.c:", "further than 64 bits of nanoseconds reach"},
    {"mock_red_clock", "advance_of_a_real_clock",
     "sample_red_clock.c:", "clock_advance_ms: the clock is real: clock_fake() comes first"},
    {"mock_red_clock", "await_by_a_real_clock",
     "sample_red_clock.c:", "clock_await: the clock is real: clock_fake() comes first"},
    {"mock_red_clock", "wait_beside_one_that_never_rests",
     "sample_red_clock.c:", "(mock_red_clock) does not come to rest: it computes without end"},
    {"mock_red_clock", "signal_that_nobody_can_send",
     "sample_red_clock.c:", "waits for what can never come: nothing is ready"},
    {"mock_red_clock", "post_that_nobody_can_make",
     "sample_red_clock.c:", "waits for what can never come: nothing is ready"},
    {"mock_red_clock", "end_that_cannot_come",
     "sample_red_clock.c:", "waits for what can never come: nothing is ready"},
    {"mock_red_clock", "advance_beside_one_that_never_rests",
     "sample_red_clock.c:", "does not come to rest, for 300 ms now: it computes without end"},
    {"mock_red_faults", "descriptors_run_out_and_nobody_cares",
     "sample_red_faults.c:", "it took EMFILE for a connection"},
    {"mock_red_faults", "the_third_call_never_came",
     "sample_red_faults.c:", "no call met it: this test shows nothing about the fault"},
    {"mock_red_faults", "a_caller_with_another_name",
     "sample_red_faults.c:", "no call met it: this test shows nothing about the fault"},
};

Test(mocks_examples, red_twins_fail_for_their_reason)
{
    for (unsigned i = 0; i < sizeof twins / sizeof *twins; i++) {
        const struct twin *twin = &twins[i];
        struct ts_result result =
            ts_run(MOCK_BIN "/%s -j1 --encoding=C --filter 'red/%s'", twin->program, twin->test);

        cr_expect_eq(result.status, 1, "%s: status %d", twin->test, result.status);
        cr_expect_not_null(strstr(ts_err(&result), twin->line), "%s: %s", twin->test,
                           ts_err(&result));
        cr_expect_not_null(strstr(ts_err(&result), twin->why), "%s: %s", twin->test,
                           ts_err(&result));
        ts_result_fini(&result);
    }
}

Test(mocks_examples, asking_for_stacks_ends_no_wait)
{
    struct ts_result result =
        ts_run(MOCK_BIN "/mock_red_clock -j1 --encoding=C --filter red/wait_of_two_without_end");

    cr_expect_eq(result.status, 1);
    cr_expect_not_null(strstr(ts_err(&result), "waits for what can never come"));
    cr_expect_null(strstr(ts_err(&result), "the other's wait ended"), "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_examples, stacks_of_a_hopeless_wait_name_the_caller)
{
    struct ts_result result = ts_run(MOCK_BIN "/mock_red_clock -j1 --filter red/wait_without_end");

    cr_assert_not_null(strstr(ts_err(&result), " waits_for_ever\n"), "%s", ts_err(&result));
    ts_result_fini(&result);
}
