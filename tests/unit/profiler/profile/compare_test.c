/* SPDX-License-Identifier: MIT */
#include "profiler/profile/compare.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/profile/budget.h"
#include "profiler/profile/merge.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"

static struct pf_profile base, now, pair;
static struct pf_paths paths;
static struct pf_err err;
static const struct pf_sample_counts many = {.base.count = 100000, .now.count = 100000},
                                     few = {.base.count = 100, .now.count = 100},
                                     exact = {.base.is_exact = true, .now.is_exact = true},
                                     no_base = {.now.count = 100000};

static void start(void)
{
    struct pf_paths_spec spec = {.column = 1, .has_base = true};

    pf_profile_init(&base);
    pf_profile_init(&now);
    pf_profile_init(&pair);
    (void)pf_profile_add_value_type(&base, "samples", "count");
    (void)pf_profile_add_value_type(&now, "samples", "count");
    ts_add_stack(&base, "main;parse_head", 10);
    ts_add_stack(&base, "main;parse_body", 10);
    ts_add_stack(&base, "main;send", 80);
    ts_add_stack(&now, "main;parse_head", 20);
    ts_add_stack(&now, "main;parse_body;parse_head", 15);
    ts_add_stack(&now, "main;send", 65);
    if (!pf_profile_pair(&pair, &base, &now, NULL, &err))
        abort();
    pf_paths_init(&paths, &pair, &spec);
}

static void end(void)
{
    pf_paths_fini(&paths);
    pf_profile_fini(&base);
    pf_profile_fini(&now);
    pf_profile_fini(&pair);
}

TestSuite(compare, .init = start, .fini = end);
TestSuite(budget, .init = start, .fini = end);

Test(compare, margin_is_agresti_caffo)
{
    struct pf_change change = pf_change_of(0.5, 0.6, few);
    double p = 51.0 / 102, q = 61.0 / 102;
    double expected = 100 * 1.959963984540054 * sqrt(p * (1 - p) / 102 + q * (1 - q) / 102);

    cr_assert_float_eq(change.margin, expected, 1e-9);
    cr_assert(change.is_noise);
}

Test(compare, more_samples_make_a_change_sure)
{
    cr_assert(pf_change_of(0.10, 0.12, few).is_noise);
    cr_assert_not(pf_change_of(0.10, 0.12, many).is_noise);
}

Test(compare, counted_values_have_no_noise)
{
    cr_assert_not(pf_change_of(0.1, 0.1001, exact).is_noise);
    cr_assert(pf_change_of(0.1, 0.1, exact).is_noise);
}

Test(compare, largest_change_stands_first_in_shares_of_each_total)
{
    struct pf_comparison comparison;

    pf_comparison_init(&comparison, &paths, many);

    const struct pf_function_change *first = &comparison.at[0];
    cr_assert_str_eq(paths.frames.at[first->frame].name, "parse_head");
    cr_assert_float_eq(first->self.base, 10, 1e-9);
    cr_assert_float_eq(first->self.now, 35, 1e-9);
    pf_comparison_fini(&comparison);
}

Test(compare, profile_without_samples_makes_every_change_noise)
{
    struct pf_change change = pf_change_of(0, 1, no_base);

    cr_assert_float_eq(change.margin, 100, 1e-9);
    cr_assert(change.is_noise);
}

Test(compare, sample_count_is_the_summarys_else_the_counts)
{
    static struct pf_summary summary;

    cr_assert_eq(pf_profile_sample_count(&base).count, 100);
    summary = (struct pf_summary){.engine = "perf", .samples = 7};
    pf_summary_store(&summary, &base);
    cr_assert_eq(pf_profile_sample_count(&base).count, 7);
    cr_assert_not(pf_profile_sample_count(&base).is_assumed);
    summary = (struct pf_summary){.engine = "callgrind"};
    pf_summary_store(&summary, &base);
    cr_assert(pf_profile_sample_count(&base).is_exact);
}

Test(compare, stack_that_stands_for_several_samples_is_one_of_them)
{
    static struct pf_summary summary;

    summary = (struct pf_summary){.engine = "agent", .samples = 351, .independent = 176};
    pf_summary_store(&summary, &base);

    cr_assert_eq(pf_profile_sample_count(&base).count, 176);
}

Test(compare, counts_of_nothing_else_are_assumed_to_be_samples)
{
    struct pf_profile two;

    pf_profile_init(&two);
    (void)pf_profile_add_value_type(&two, "samples", "count");
    (void)pf_profile_add_value_type(&two, "cpu", "nanoseconds");

    cr_expect(pf_profile_sample_count(&base).is_assumed);
    cr_expect_not(pf_profile_sample_count(&two).is_assumed);
    pf_profile_fini(&two);
}

static struct pf_budget_result check(const char *text, struct pf_sample_counts samples)
{
    struct pf_budget budget;

    cr_assert(pf_budget_parse(&budget, text, &err), "%s", err.text);
    return pf_budget_check(&budget, &paths, samples);
}

Test(budget, conditions_hold_where_they_should)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"self(parse_*) > +5%", true},     {"self(parse_*) > +14.9%", true},
        {"self(parse_*) > +15.1%", false}, {"self(parse_*) > 30%", true},
        {"self(parse_*) > 36%", false},    {"self(parse_*) > 1.7x", true},
        {"self(parse_*) > 1.8x", false},   {"self(send) < -10%", true},
        {"self(send) < 65%", false},       {"self(send) <= 65%", true},
        {"total(main) >= 100%", true},     {"total(parse_*) > 35%", false},
        {" self ( send )<-1% ", true},     {"self(nobody) < 100%", false},
        {"total(parse_body)>=15%", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(check(cases[i].text, exact).holds, cases[i].holds, "%s", cases[i].text);
}

Test(budget, change_within_noise_does_not_hold)
{
    struct pf_sample_counts tiny = {.base.count = 20, .now.count = 20};

    cr_assert_not(check("self(parse_*) > +5%", tiny).holds);
    cr_assert(check("self(parse_*) > +5%", many).holds);
}

Test(budget, nothing_holds_against_a_base_without_samples)
{
    cr_assert_not(check("self(parse_*) > 1.2x", no_base).holds);
    cr_assert_not(check("self(parse_*) > +5%", no_base).holds);
}

Test(budget, function_that_is_in_the_base_alone_is_gone_unless_chance_explains_it)
{
    struct pf_sample_counts fewer = {.base.count = 3, .now.count = 3};

    ts_add_stack(&base, "main;old", 25);
    pf_paths_fini(&paths);
    pf_profile_fini(&pair);
    pf_profile_init(&pair);
    cr_assert(pf_profile_pair(&pair, &base, &now, NULL, &err));
    pf_paths_init(&paths, &pair, &(struct pf_paths_spec){.column = 1, .has_base = true});

    cr_assert(check("self(old) > +5%", few).is_gone);
    cr_assert_not(check("self(old) > +5%", fewer).is_gone);
    cr_assert_not(check("self(send) > +5%", few).is_gone);
    cr_assert_not(check("self(nobody) > +5%", few).is_gone);
}

Test(budget, total_counts_a_stack_once)
{
    struct pf_budget_result result = check("total(parse_*) > 0%", exact);

    cr_assert_eq(result.functions, 2);
    cr_assert_float_eq(result.change.now, 35, 1e-9);
}

Test(budget, malformed_expressions_show_the_place)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "'self' or 'total' at column 1"},
        {"share(x) > 5%", "column 1"},
        {"self x", "'(' at column 6"},
        {"self() > 5%", "name"},
        {"self(x", "name"},
        {"self(x) = 5%", "column 9"},
        {"self(x) > five", "limit"},
        {"self(x) > 5", "limit"},
        {"self(x) > +2x", "limit"},
        {"self(x) > 5% or", "the end at column 14"},
        {"self(x) > nan%", "limit"},
        {"self(x) > +inf%", "limit"},
    };
    struct pf_budget budget;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_not(pf_budget_parse(&budget, cases[i].text, &err), "%s", cases[i].text);
        cr_expect(strstr(err.text, cases[i].says), "%s: %s", cases[i].text, err.text);
    }
}

Test(budget, pattern_may_hold_parentheses)
{
    struct pf_budget budget;

    cr_assert(pf_budget_parse(&budget, "self(f(int)) > 1%", &err));
    cr_assert_str_eq(budget.pattern, "f(int)");
}
