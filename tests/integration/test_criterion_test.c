/*
 * Criterion's own engine: what makes it lie, hang or die is told here too, or refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "tests/integration/runner_support.h"

#define DEADLINE_NS 20000000000u

struct expectation {
    const char *name, *status;
};

static void expect_statuses(const struct ts_run_events *run, const struct expectation *expected,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_str_eq(ts_status_of(run, expected[i].name), expected[i].status, "%s: %s (%s)",
                         expected[i].name, ts_status_of(run, expected[i].name),
                         ts_end_text(run, expected[i].name, "reason"));
}

/* Every test of the suite has its verdict, whatever those before did to Criterion's runner. */
Test(test_criterion, traps_are_told_and_cost_no_other_test)
{
    static const struct expectation expected[] = {
        {"stdin_ends", "timeout"},
        {"quote_in_message", "fail"},
        {"timeout_despite_sigprof", "timeout"},
        {"timeout_kills_children", "timeout"},
        {"forked_child_returns", "error"},
        {"forked_child_asserts", "error"},
        {"stopped_for_ever", "timeout"},
        {"fini_asserts", "fail"},
        {"init_asserts", "fail"},
        {"fini_crashes", "fail"},
        {"exits_zero", "exit"},
        {"exits_quickly", "exit"},
        {"exits_seven", "fail"},
        {"closes_everything", "crash"},
        {"thread_asserts", "fail"},
        {"equal_arrays", "pass"},
    };

    struct ts_run_events run = ts_run_suites("sample_traps --engine criterion --timeout 5");

    expect_statuses(&run, expected, sizeof expected / sizeof expected[0]);
    cr_expect_eq(
        json_integer_value(json_object_get(json_object_get(run.run_end, "counts"), "not_run")), 0);
    cr_expect(strstr(ts_end_text(&run, "forked_child_returns", "reason"), "--engine fork"));
    cr_expect(strstr(ts_end_text(&run, "exits_zero", "reason"), "exit(0)"));
    cr_expect_eq(json_array_size(
                     json_object_get(ts_end_of(&run, "four_threads_fail_800_times"), "messages")),
                 800);
    cr_expect_not(ts_is_running("sleep 3853"));
    ts_run_events_fini(&run);
}

Test(test_criterion, exit_zero_passes_where_that_is_allowed)
{
    struct ts_run_events run =
        ts_run_suites("sample_traps --engine criterion --exact traps/exits_zero --allow-exit");

    cr_expect_str_eq(ts_status_of(&run, "exits_zero"), "pass");
    ts_run_events_fini(&run);
}

Test(test_criterion, what_a_test_left_behind_is_told_and_killed)
{
    struct ts_run_events run = ts_run_suites("sample_verdicts --engine criterion -k left_over");
    struct ts_run_events allowed =
        ts_run_suites("sample_verdicts --engine criterion -k left_over_daemon --allow-leftovers");

    cr_expect_str_eq(ts_status_of(&run, "left_over_process"), "left_over");
    cr_expect_str_eq(ts_status_of(&run, "left_over_daemon"), "left_over");
    cr_expect_str_eq(ts_status_of(&allowed, "left_over_daemon"), "pass");
    cr_expect_not(ts_is_running("sleep 3851"));
    cr_expect_not(ts_is_running("sleep 3852"));
    ts_run_events_fini(&run);
    ts_run_events_fini(&allowed);
}

Test(test_criterion, a_sanitizers_words_are_a_verdict)
{
    static const struct expectation expected[] = {
        {"asan/clean", "pass"},
        {"asan/leak", "leak"},
        {"asan/use_after_free", "sanitizer"},
        {"asan/overflow_of_int", "sanitizer"},
    };
    struct ts_run_events run = ts_run_suites("sample_asan --engine criterion --under asan-build");

    expect_statuses(&run, expected, sizeof expected / sizeof expected[0]);
    ts_run_events_fini(&run);
}

/* The case that killed Criterion's runner is an error; the others are run by another. */
Test(test_criterion, cases_after_the_one_that_broke_its_runner_run)
{
    static const struct expectation expected[] = {
        {"cases[0]", "pass"}, {"cases[1]", "error"}, {"cases[2]", "fail"},
        {"cases[3]", "pass"}, {"later", "pass"},
    };
    struct ts_run_events run = ts_run_suites("sample_resumed --engine criterion");

    expect_statuses(&run, expected, sizeof expected / sizeof expected[0]);
    cr_expect_eq(json_array_size(run.ends), 5);
    ts_run_events_fini(&run);
}

Test(test_criterion, a_runner_that_cannot_start_is_an_error_of_every_test)
{
    struct ts_run_events run = ts_run_suites("sample_faked --engine criterion");

    cr_expect_str_eq(ts_status_of(&run, "passes"), "error");
    cr_expect_str_eq(ts_status_of(&run, "fails"), "error");
    ts_run_events_fini(&run);
}

Test(test_criterion, a_main_of_its_own_that_runs_criterion_works)
{
    struct ts_run_events run = ts_run_suites("sample_own_main --engine criterion");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "pass"), "pass");
    ts_run_events_fini(&run);
}

Test(test_criterion, a_disabled_test_took_no_time)
{
    struct ts_run_events run =
        ts_run_suites("sample_verdicts --engine criterion --exact verdicts/skip_disabled");
    json_t *end = ts_end_of(&run, "skip_disabled");

    cr_expect_str_eq(ts_status_of(&run, "skip_disabled"), "skip");
    cr_expect_eq(json_number_value(json_object_get(end, "duration_s")), 0);
    ts_run_events_fini(&run);
}

Test(test_criterion, what_it_cannot_do_is_refused_with_the_remedy)
{
    static const char *const options[] = {
        "--leaks",        "--under memcheck", "--under leaks", "--under tsan-build",
        "--memory 64",    "--netns",          "--retries 1",   "--repeat 2",
        "--until-fail",   "--shuffle",        "--no-capture",  "--update-snapshots",
        "--failed-first", "--isolate-cwd",    "--coverage .",
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct ts_run_events run =
            ts_run_suites("sample_own_main --engine criterion %s", options[i]);
        cr_expect_eq(run.result.status, 2, "%s: status %d", options[i], run.result.status);
        cr_expect(strstr(ts_err(&run.result), "--engine fork"), "%s", ts_err(&run.result));
        ts_run_events_fini(&run);
    }
}

Test(test_criterion, what_a_test_declares_and_it_cannot_do_is_an_error)
{
    struct ts_run_events options = ts_run_suites("sample_options --engine criterion");
    struct ts_run_events torture = ts_run_suites("sample_torture --engine criterion");
    struct ts_run_events budgets = ts_run_suites("sample_budgets --engine criterion");

    cr_expect_str_eq(ts_status_of(&options, "little_memory"), "error");
    cr_expect_str_eq(ts_status_of(&options, "own_network"), "error");
    cr_expect_str_eq(ts_status_of(&torture, "takes_it_well"), "error");
    cr_expect(strstr(ts_end_text(&torture, "takes_it_well", "reason"), "--engine fork"));
    cr_expect_str_eq(ts_status_of(&budgets, "snapshots/text"), "fail");
    cr_expect(ts_has_message(&budgets, "snapshots/text", "--engine fork"));
    cr_expect_str_eq(ts_status_of(&options, "untagged"), "pass");
    ts_run_events_fini(&options);
    ts_run_events_fini(&torture);
    ts_run_events_fini(&budgets);
}

static bool await_process(const char *text)
{
    uint64_t deadline = pf_clock_now_ns() + DEADLINE_NS;

    while (!ts_is_running(text))
        if (pf_clock_now_ns() > deadline)
            return false;
    return true;
}

/* What hangs is met after one test has ended; then the run is ended from outside. */
Test(test_criterion, sigterm_kills_everything_and_the_report_is_written)
{
    char line[512], seconds[64], child_name[64];
    struct pf_err err = {0};
    struct pf_child child = {0};
    const char *dir = ts_temp_dir();

    (void)snprintf(seconds, sizeof seconds, "WAITING_SECONDS=%d", 1000000 + (int)getpid());
    (void)snprintf(child_name, sizeof child_name, "sleep %d", 1000000 + (int)getpid());
    (void)snprintf(line, sizeof line,
                   "exec %s/bin/assay test --history none --engine criterion sample_waiting -q "
                   "--junit %s/t.xml >/dev/null 2>&1",
                   ASSAY_BINARY_DIR, dir);
    char *argv[] = {"sh", "-c", line, NULL};
    struct pf_spawn spawn = {.argv = argv, .dir = ts_suites_dir(), .env = {"BXFI_MAP", seconds}};
    cr_assert(pf_child_start(&child, &spawn, &err), "%s", err.text);
    cr_assert(await_process(child_name));
    (void)kill(child.pid, SIGTERM);
    cr_expect(pf_child_wait(&child, pf_clock_now_ns() + DEADLINE_NS));

    struct ts_result report = ts_run("cat %s/t.xml", dir);
    cr_expect_eq(pf_child_exit_status(&child), 3);
    cr_expect(strstr(ts_out(&report), "told before the end"));
    cr_expect_not(ts_is_running(child_name));
    pf_child_stop(&child, 0);
    ts_result_fini(&report);
}
