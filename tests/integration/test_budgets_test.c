/*
 * Budgets of instructions and allocations: kept and broken, within one another, in forked children,
 * and under tools.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>

#include "tests/integration/runner_support.h"

static const struct budget_case {
    const char *name;
    bool is_kept;
    const char *message;
} budgets[] = {
    {"instructions_kept", true, "at most 2000"},
    {"instructions_broken", false, "instructions, at most 2000 allowed"},
    {"nothing_costs_nothing", true, "0 instructions"},
    {"allocations_kept", true, "1 allocs of at most 1"},
    {"allocations_broken", false, "2 allocs, at most 1"},
    {"within_budgets_each_is_judged", true, "1 allocs of at most 1"},
    {"inner_broken", false, "instructions, at most 2000 allowed"},
    {"outer_broken", false, "instructions, at most 20000 allowed"},
    {"outer_allocations_broken", false, "3 allocs, at most 2"},
    {"child_keeps_instructions", true, "at most 2000"},
    {"child_breaks_instructions", false, "instructions, at most 2000 allowed"},
    {"child_breaks_allocations", false, "1 allocs, at most 0"},
    {"child_within_a_block", true, "at most 20000"},
};

static void expect_budgets(const struct ts_run_events *run)
{
    for (unsigned i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        const struct budget_case *at = &budgets[i];
        cr_expect_str_eq(ts_status_of(run, at->name), at->is_kept ? "pass" : "fail", "%s",
                         at->name);
        cr_expect(ts_has_message(run, at->name, at->message), "%s", at->name);
    }
}

Test(test_budgets, are_kept_and_broken_exactly)
{
    struct ts_run_events run = ts_run_suites("sample_budgets -k 'budgets/*'");

    expect_budgets(&run);
    ts_run_events_fini(&run);
}

Test(test_budgets, are_the_same_under_callgrind)
{
    struct ts_run_events run = ts_run_suites("sample_budgets --under callgrind -k 'budgets/*'");

    expect_budgets(&run);
    json_int_t counted =
        json_integer_value(json_object_get(ts_end_of(&run, "instructions_broken"), "instructions"));
    cr_expect_gt(counted, 10000, "the block's own are in the sum");
    ts_run_events_fini(&run);
}

Test(test_budgets, that_a_tool_keeps_from_counting_are_said_not_to_be_judged)
{
    struct ts_run_events run = ts_run_suites(
        "sample_budgets --under memcheck -k instructions_broken -k allocations_broken");

    cr_expect(ts_has_message(&run, "instructions_broken", "not judged under memcheck"));
    cr_expect_str_eq(ts_status_of(&run, "instructions_broken"), "pass");
    cr_expect(ts_has_message(&run, "allocations_broken", "is not judged under this tool"));
    ts_run_events_fini(&run);
}
