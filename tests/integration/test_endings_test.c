/*
 * However a test ends, its last words, the reason and the stack are there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/runner_support.h"

static void expect_reason(const char *name, const char *status, const char *reason)
{
    struct ts_run_events run = ts_run_suites("sample_endings --exact endings/%s", name);

    cr_expect_str_eq(ts_status_of(&run, name), status);
    cr_expect(strstr(ts_end_text(&run, name, "reason"), reason), "%s: %s", name,
              ts_end_text(&run, name, "reason"));
    ts_run_events_fini(&run);
}

static void expect_stack(const char *name)
{
    char function[128];
    struct ts_run_events run = ts_run_suites("sample_endings --exact endings/%s", name);

    (void)snprintf(function, sizeof function, "endings_%s_impl", name);
    cr_expect(strstr(ts_end_text(&run, name, "stacks"), function), "%s: %s", name,
              ts_out(&run.result));
    ts_run_events_fini(&run);
}

static struct ts_result print_of(const char *name)
{
    return ts_run("cd %s && assay test --history none sample_endings --exact endings/%s",
                  ts_suites_dir(), name);
}

Test(test_endings, what_was_printed_is_kept_without_a_newline)
{
    static const char *const names[] = {"aborts_amid_a_line", "hangs_amid_a_line",
                                        "leaves_amid_a_line", "is_killed_amid_a_line"};
    struct ts_run_events run = ts_run_suites("sample_endings -k amid_a_line");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *output = json_object_get(ts_end_of(&run, names[i]), "output");
        const char *text = json_string_value(json_object_get(output, "stdout"));
        cr_expect_str_eq(text ? text : "", "no newline", "%s", names[i]);
    }
    ts_run_events_fini(&run);
}

Test(test_endings, null_is_an_address)
{
    expect_reason("follows_null", "crash", "address 0x0 (NULL)");
}

Test(test_endings, every_deadly_signal_has_a_stack)
{
    expect_stack("writes_to_nobody");
    expect_stack("is_terminated");
    expect_stack("crashes_with_the_default_restored");
}

Test(test_endings, where_there_is_no_stack_the_reason_is_told)
{
    struct ts_run_events run =
        ts_run_suites("sample_endings --exact endings/crashes_with_the_signal_blocked");

    cr_expect_str_eq(ts_status_of(&run, "crashes_with_the_signal_blocked"), "crash");
    cr_expect(ts_has_message(&run, "crashes_with_the_signal_blocked", "no stacks: SIGSEGV"));
    ts_run_events_fini(&run);
}

Test(test_endings, the_code_under_test_finds_default_actions)
{
    expect_reason("finds_default_actions", "pass", "");
}

Test(test_endings, who_left_and_how_is_told)
{
    expect_reason("becomes_another_program", "exit", "another program by exec");
    expect_reason("exits_in_a_thread", "exit", "another of its threads called exit(4)");
    expect_reason("ends_its_thread", "exit", "pthread_exit()");
    expect_reason("leaves_amid_a_line", "exit", "_exit(3)");
}

Test(test_endings, a_socket_left_is_named_by_its_address_and_once)
{
    struct ts_result listening =
        ts_run("cd %s && assay test --history none sample_verdicts --exact "
               "verdicts/left_over_socket",
               ts_suites_dir());
    const char *first = strstr(ts_out(&listening), "-> tcp 127.0.0.1:");

    expect_reason("keeps_a_port", "left_over", "-> udp 127.0.0.1:");
    cr_assert_not_null(first);
    cr_expect_null(strstr(first + 1, "-> tcp"));
}

Test(test_endings, only_a_sanitizer_speaks_as_one)
{
    expect_reason("speaks_of_a_sanitizer", "pass", "");
    expect_reason("starts_what_a_sanitizer_reports", "sanitizer", "heap-use-after-free");
}

Test(test_endings, a_message_that_is_cut_says_so)
{
    struct ts_run_events run = ts_run_suites("sample_endings --exact endings/says_too_much");

    cr_expect(ts_has_message(&run, "says_too_much", "[assay: the message is cut here]"));
    ts_run_events_fini(&run);
}

Test(test_endings, lines_no_report_has_are_not_promised)
{
    struct ts_result run = print_of("prints_too_much");

    cr_expect(strstr(ts_out(&run), "no more than the first 96 KiB and the last 32"), "%s",
              ts_out(&run));
}

Test(test_endings, control_bytes_do_not_reach_the_terminal)
{
    struct ts_result run = print_of("paints_the_terminal");

    cr_expect_null(strchr(ts_out(&run), '\033'));
    cr_expect_null(strchr(ts_out(&run), '\a'));
    cr_expect(strstr(ts_out(&run), "| \\x1b[31mred\\x07"));
}
