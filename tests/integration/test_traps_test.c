/*
 * What makes Criterion 2.4.1 lie, hang or die, one test a trap: here each is told as it is.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/integration/runner_support.h"

static void expect_status(const char *name, const char *status)
{
    struct ts_run_events run = ts_run_suites("sample_traps --exact traps/%s", name);

    cr_expect_str_eq(ts_status_of(&run, name), status, "%s: %s (%s)", name,
                     ts_status_of(&run, name), ts_end_text(&run, name, "reason"));
    ts_run_events_fini(&run);
}

static void expect_message(const char *name, const char *text)
{
    struct ts_run_events run = ts_run_suites("sample_traps --exact traps/%s", name);

    cr_expect(ts_has_message(&run, name, text), "%s", ts_out(&run.result));
    ts_run_events_fini(&run);
}

Test(test_traps, standard_input_is_empty_not_endless)
{
    expect_status("stdin_ends", "pass");
}

Test(test_traps, no_test_matched_is_red_unless_allowed)
{
    struct ts_run_events none = ts_run_suites("sample_traps -k no_such_test");
    struct ts_run_events allowed = ts_run_suites("sample_traps -k no_such_test --allow-empty");

    cr_expect_eq(none.result.status, 1);
    cr_expect(strstr(ts_err(&none.result), "no test ran"));
    cr_expect_eq(allowed.result.status, 0);
    ts_run_events_fini(&none);
    ts_run_events_fini(&allowed);
}

Test(test_traps, an_unknown_option_is_wrong_usage)
{
    struct ts_run_events run = ts_run_suites("sample_traps --no-such-option");

    cr_expect_eq(run.result.status, 2);
    ts_run_events_fini(&run);
}

Test(test_traps, alternatives_in_a_filter_work)
{
    struct ts_run_events run = ts_run_suites("sample_traps -k 'traps/{stdin_ends,exits_zero}'");

    cr_expect_eq(json_array_size(run.ends), 2);
    ts_run_events_fini(&run);
}

Test(test_traps, quotes_and_control_characters_survive_json)
{
    expect_message("quote_in_message", "say \"hi\"\n\tand <bye> & \x01");
}

Test(test_traps, a_time_limit_without_one_in_the_test_holds)
{
    struct ts_run_events run =
        ts_run_suites("sample_traps --exact traps/stopped_for_ever --timeout 300ms");

    cr_expect_str_eq(ts_status_of(&run, "stopped_for_ever"), "hang");
    ts_run_events_fini(&run);
}

Test(test_traps, a_time_limit_holds_against_signal_handlers)
{
    expect_status("timeout_despite_sigprof", "hang");
}

Test(test_traps, a_late_test_takes_its_children_along)
{
    expect_status("timeout_kills_children", "hang");
    cr_expect_not(ts_is_running("sleep 3853"));
}

Test(test_traps, a_forked_child_that_returns_ends)
{
    expect_status("forked_child_returns", "pass");
}

Test(test_traps, a_forked_child_that_asserts_is_heard)
{
    expect_message("forked_child_asserts", "said by the child");
}

Test(test_traps, a_stopped_test_is_late_not_for_ever)
{
    expect_status("stopped_for_ever", "hang");
}

Test(test_traps, an_assertion_in_fini_fails_the_test)
{
    expect_status("fini_asserts", "fail");
}

Test(test_traps, an_assertion_in_init_fails_the_test)
{
    expect_status("init_asserts", "fail");
}

Test(test_traps, a_crash_in_fini_is_a_crash)
{
    expect_status("fini_crashes", "crash");
}

Test(test_traps, exit_zero_is_no_pass_unless_allowed)
{
    struct ts_run_events run = ts_run_suites("sample_traps --exact traps/exits_zero --allow-exit");

    expect_status("exits_zero", "exit");
    cr_expect_str_eq(ts_status_of(&run, "exits_zero"), "pass");
    ts_run_events_fini(&run);
}

Test(test_traps, quick_exit_is_no_pass_either)
{
    expect_status("exits_quickly", "exit");
}

Test(test_traps, an_exit_status_is_told)
{
    struct ts_run_events run = ts_run_suites("sample_traps --exact traps/exits_seven");

    cr_expect(strstr(ts_end_text(&run, "exits_seven", "reason"), "exit(7)"));
    ts_run_events_fini(&run);
}

Test(test_traps, a_bad_end_after_the_test_counts)
{
    expect_status("fails_after_the_end", "exit");
}

Test(test_traps, a_test_has_one_thread_only)
{
    expect_status("one_thread", "pass");
}

Test(test_traps, a_test_that_closes_everything_is_still_heard)
{
    expect_message("closes_everything", "still told");
}

Test(test_traps, no_descriptor_of_the_runner_reaches_a_test)
{
    expect_status("no_descriptors_inherited", "pass");
}

/* Constructors of libraries run before the runner's. */
Test(test_traps, what_libraries_opened_at_load_stays_open)
{
    struct ts_run_events run = ts_run_suites("exec 7</dev/null 9>&1;sample_loaded -k descriptor");

    cr_expect_str_eq(ts_status_of(&run, "descriptor_works"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "no_other_descriptor_is_open"), "pass", "%s",
                     ts_out(&run.result));
    cr_expect_not(strstr(ts_err(&run.result), "threads"));
    ts_run_events_fini(&run);
}

Test(test_traps, a_thread_of_a_constructor_is_told_not_to_run)
{
    struct ts_run_events fork = ts_run_suites("LOADED_THREAD=1;sample_loaded -k thread_runs");
    struct ts_run_events own =
        ts_run_suites("LOADED_THREAD=1;sample_loaded -k thread_runs --engine criterion");

    cr_expect_str_eq(ts_status_of(&fork, "thread_runs"), "fail");
    cr_expect(strstr(ts_err(&fork.result), "sample_loaded: threads started before its tests"));
    cr_expect_str_eq(ts_status_of(&own, "thread_runs"), "pass");
    cr_expect_not(strstr(ts_err(&own.result), "threads"));
    ts_run_events_fini(&fork);
    ts_run_events_fini(&own);
}

Test(test_traps, the_users_preload_is_kept)
{
    struct ts_run_events run = ts_run_suites("LD_PRELOAD=libm.so.6 WANTED_PRELOAD=libm.so.6;"
                                             "sample_loaded -k preload_is");
    struct ts_run_events leaks = ts_run_suites("LD_PRELOAD=libm.so.6;sample_loaded -k descriptor "
                                               "--under leaks");

    cr_expect_str_eq(ts_status_of(&run, "preload_is_the_users"), "pass", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&leaks, "descriptor_works"), "pass");
    ts_run_events_fini(&run);
    ts_run_events_fini(&leaks);
}

/* gperftools takes SIGPROF, which Criterion's time limits are, and writes its file at the end. */
Test(test_traps, a_profiler_in_the_tests_changes_no_verdict)
{
    const char *dir = ts_temp_dir();
    struct ts_run_events run = ts_run_suites(
        "LD_PRELOAD=libprofiler.so.0 CPUPROFILE=%s/profile;sample_traps sample_loaded "
        "-k stdin_ends -k sigprof -k descriptor_works",
        dir);
    struct ts_result plain = ts_run("ls -A %s", dir);

    cr_expect_str_eq(ts_status_of(&run, "stdin_ends"), "pass", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "descriptor_works"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "timeout_despite_sigprof"), "hang");
    cr_expect_str_neq(ts_out(&plain), "", "it did profile");
    ts_run_events_fini(&run);
}

Test(test_traps, the_environment_is_clean)
{
    expect_status("environment_is_clean", "pass");
}

Test(test_traps, a_suite_may_run_itself)
{
    expect_status("runs_itself", "pass");
}

Test(test_traps, an_assertion_in_a_thread_ends_the_test)
{
    expect_status("thread_asserts", "fail");
    expect_message("thread_asserts", "in a thread");
}

Test(test_traps, nothing_is_lost_that_four_threads_say)
{
    struct ts_run_events run =
        ts_run_suites("sample_traps --exact traps/four_threads_fail_800_times");

    json_t *end = ts_end_of(&run, "four_threads_fail_800_times");
    cr_expect_eq(json_array_size(json_object_get(end, "messages")), 800);
    ts_run_events_fini(&run);
}

Test(test_traps, the_new_interface_names_what_it_compared)
{
    expect_message("new_interface_names_values", "actual: 41");
    expect_message("new_interface_names_values", "lt(int, answer, 7)");
}

/* The pass is in the test's own code, out of reach: it can only be told. */
Test(test_traps, a_gt_that_passes_for_equals_is_told)
{
    struct ts_run_events without = ts_run_suites("sample_equal");
    struct ts_run_events with = ts_run_suites("sample_equal_gt");
    struct ts_run_events other = ts_run_suites("sample_equal_gt --engine criterion");

    cr_expect_str_eq(ts_status_of(&without, "not_less_or_equal"), "fail", "the remedy works");
    cr_expect_str_eq(ts_status_of(&without, "less"), "fail");
    cr_expect_str_eq(ts_status_of(&without, "greater_or_equal"), "pass");
    cr_expect_not(strstr(ts_err(&without.result), "gt("), "%s", ts_err(&without.result));
    cr_expect(
        strstr(ts_err(&with.result), "sample_equal_gt: gt(int, 5, 5): gt() of this Criterion"),
        "%s", ts_err(&with.result));
    cr_expect(strstr(ts_err(&other.result), "not(le(TYPE, a, b))"));
    ts_run_events_fini(&without);
    ts_run_events_fini(&with);
    ts_run_events_fini(&other);
}

/* Criterion's own comparison of arrays leaks. */
Test(test_traps, what_criterion_leaks_is_not_the_tests)
{
    struct ts_run_events run = ts_run_suites("sample_traps --under memcheck -k arrays");

    cr_expect_str_eq(ts_status_of(&run, "equal_arrays"), "pass", "%s",
                     ts_end_text(&run, "equal_arrays", "reason"));
    cr_expect_str_eq(ts_status_of(&run, "equal_arrays_and_a_leak"), "leak");
    cr_expect(strstr(ts_end_text(&run, "equal_arrays_and_a_leak", "reason"), "41 bytes"), "%s",
              ts_end_text(&run, "equal_arrays_and_a_leak", "reason"));
    ts_run_events_fini(&run);
}

/* Criterion's own workers leave blocks of its messages behind when they end early. */
Test(test_traps, an_early_end_is_no_finding_of_memchecks)
{
    struct ts_run_events run = ts_run_suites(
        "sample_traps --under memcheck -k exits_seven -k skips_itself -k fini_crashes");

    cr_expect_str_eq(ts_status_of(&run, "exits_seven"), "exit");
    cr_expect_str_eq(ts_status_of(&run, "skips_itself"), "skip");
    cr_expect_str_eq(ts_status_of(&run, "fini_crashes"), "crash");
    cr_expect_eq(json_array_size(json_object_get(ts_end_of(&run, "exits_seven"), "leaks")), 0);
    cr_expect_eq(json_array_size(json_object_get(ts_end_of(&run, "fini_crashes"), "leaks")), 0);
    ts_run_events_fini(&run);
}

/* Criterion allocates and fills an entry a possible descriptor, for every test. */
Test(test_traps, a_huge_limit_of_descriptors_costs_nothing)
{
    struct ts_run_events run = ts_run_suites(
        "ulimit -n $(ulimit -Hn) && ; sample_traps -k stdin_ends -k closes_everything");
    json_t *end = ts_end_of(&run, "stdin_ends");

    cr_expect_str_eq(ts_status_of(&run, "stdin_ends"), "pass");
    cr_expect_str_eq(ts_status_of(&run, "closes_everything"), "fail");
    cr_expect_lt(json_integer_value(json_object_get(end, "peak_kib")), 512 * 1024);
    ts_run_events_fini(&run);
}

Test(test_traps, what_the_user_preloads_reaches_the_test)
{
    const char *library = ASSAY_BINARY_DIR "/lib/libassay-allocs.so";
    struct ts_run_events run =
        ts_run_suites("WANTED_PRELOAD=%s LD_PRELOAD=%s; sample_traps --exact "
                      "traps/keeps_the_users_preload",
                      library, library);

    cr_expect_str_eq(ts_status_of(&run, "keeps_the_users_preload"), "pass", "%s",
                     ts_out(&run.result));
    ts_run_events_fini(&run);
}

Test(test_traps, a_main_of_its_own_that_runs_criterion_works)
{
    struct ts_run_events run = ts_run_suites("sample_own_main");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "pass"), "pass");
    ts_run_events_fini(&run);
}

static void expect_bad_binary(const char *suite, const char *problem)
{
    struct ts_run_events run = ts_run_suites("%s", suite);
    json_t *bad = json_array_get(json_object_get(run.run_end, "bad_binaries"), 0);
    const char *text = json_string_value(json_object_get(bad, "problem"));

    cr_expect_eq(run.result.status, 1, "%s: status %d", suite, run.result.status);
    cr_expect(text && strstr(text, problem), "%s: %s", suite, text ? text : "(none)");
    ts_run_events_fini(&run);
}

Test(test_traps, an_application_main_is_named_with_the_remedy)
{
    expect_bad_binary("sample_app_main", "-Dmain=app_main");
}

Test(test_traps, a_suite_without_tests_is_red)
{
    struct ts_run_events run = ts_run_suites("sample_no_tests");

    cr_expect_eq(run.result.status, 1);
    ts_run_events_fini(&run);
}

/* Criterion's own runner hangs where a suite defines epoll_wait() or send(). */
Test(test_traps, functions_the_suite_faked_are_not_the_runners)
{
    struct ts_run_events run = ts_run_suites("sample_faked");
    json_t *output = json_object_get(ts_end_of(&run, "fails"), "output");

    cr_expect_str_eq(ts_status_of(&run, "passes"), "pass", "%s", ts_out(&run.result));
    cr_expect_str_eq(ts_status_of(&run, "fails"), "fail");
    cr_expect(ts_has_message(&run, "fails", "it is a fake"));
    cr_expect_str_eq(json_string_value(json_object_get(output, "stdout")), "what it printed\n");
    cr_expect_str_eq(ts_status_of(&run, "crashes"), "crash");
    cr_expect(strstr(ts_end_text(&run, "crashes", "stacks"), "faked_crashes_impl"));
    cr_expect_str_eq(ts_status_of(&run, "spins"), "timeout");
    ts_run_events_fini(&run);
}

Test(test_traps, what_is_no_suite_is_named)
{
    expect_bad_binary("sample_stranger", "not a Criterion suite");
    expect_bad_binary("sample_static", "statically linked");
    expect_bad_binary("/dev/null", "not a regular file");
    expect_bad_binary("no_such_file", "cannot be opened");
    expect_bad_binary(ASSAY_SOURCE_DIR "/run", "not an ELF executable");
}

Test(test_traps, a_binary_that_breaks_at_start_is_told_with_its_words)
{
    expect_bad_binary("BROKEN=crash; sample_broken_start", "crashed at start");
    expect_bad_binary("BROKEN=exit; sample_broken_start", "status 5");
    expect_bad_binary("BROKEN=close; sample_broken_start", "a constructor closed");
    expect_bad_binary("BROKEN=hang; sample_broken_start --timeout 1", "start  ");
    expect_bad_binary("BROKEN=params; sample_broken_start", "parameters of broken/params");
}

Test(test_traps, garbage_on_standard_output_does_no_harm)
{
    struct ts_run_events run = ts_run_suites("BROKEN=garbage; sample_broken_start");

    cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
    ts_run_events_fini(&run);
}

/* All processes come to main; one runner is enough. Who is first there is chance. */
static void expect_one_verdict(const char *broken)
{
    enum { TRIES = 20 };

    for (unsigned i = 0; i < TRIES; i++) {
        struct ts_run_events run = ts_run_suites("%s", broken);
        cr_expect_eq(run.result.status, 0, "%s", ts_out(&run.result));
        cr_expect_eq(json_array_size(run.ends), 1);
        ts_run_events_fini(&run);
    }
}

Test(test_traps, constructors_that_fork_give_every_test_one_verdict)
{
    expect_one_verdict("BROKEN=fork; sample_broken_start");
    expect_one_verdict("BROKEN=fork_twice; sample_broken_start");
}
