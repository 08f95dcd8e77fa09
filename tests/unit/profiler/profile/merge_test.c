/* SPDX-License-Identifier: MIT */
#include "profiler/profile/merge.h"

#include <criterion/criterion.h>
#include <string.h>

#include "profiler/profile/filter.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"

static struct pf_profile a, b;
static struct pf_err err;

static void start(void)
{
    pf_profile_init(&a);
    pf_profile_init(&b);
    (void)pf_profile_add_value_type(&a, "samples", "count");
    (void)pf_profile_add_value_type(&b, "samples", "count");
}

static void end(void)
{
    pf_profile_fini(&a);
    pf_profile_fini(&b);
}

TestSuite(merge, .init = start, .fini = end);
TestSuite(filter, .init = start, .fini = end);

static int64_t sum(const struct pf_profile *profile)
{
    int64_t total = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++)
        total += pf_profile_values_view(profile, i)[0];
    return total;
}

Test(merge, equal_stacks_become_one)
{
    ts_add_stack(&b, "unrelated", 1); /* ids differ between the two */
    ts_add_stack(&a, "main;work@/lib/x.so", 2);
    ts_add_stack(&b, "main;work@/lib/x.so", 3);

    cr_assert(pf_profile_merge(&a, &b, &err));

    cr_assert_eq(a.samples.count, 2);
    cr_assert_eq(pf_profile_values_view(&a, 0)[0], 5);
}

Test(merge, labels_keep_samples_apart)
{
    ts_add_labelled(&a, "main", "nginx", 1, 1);
    ts_add_labelled(&b, "main", "nginx", 2, 1);

    cr_assert(pf_profile_merge(&a, &b, &err));

    cr_assert_eq(a.samples.count, 2);
}

Test(merge, profiles_of_different_things_do_not_add_up)
{
    struct pf_profile heap;
    pf_profile_init(&heap);
    (void)pf_profile_add_value_type(&heap, "inuse_space", "bytes");
    ts_add_stack(&heap, "main", 1);

    cr_assert_not(pf_profile_merge(&a, &heap, &err));
    cr_assert_eq(err.code, PF_ERR_USAGE);
    pf_profile_fini(&heap);
}

Test(merge, columns_only_one_has_are_dropped)
{
    struct pf_profile two;
    pf_profile_init(&two);
    (void)pf_profile_add_value_type(&two, "cpu", "nanoseconds");
    (void)pf_profile_add_value_type(&two, "samples", "count");
    two.default_value = 1;
    uint32_t stack = pf_profile_stack(&two, NULL, 0);
    (void)pf_profile_add(&two, stack, PF_NONE, (int64_t[]){100, 1});
    (void)pf_profile_add(&two, pf_profile_stack(&two, (uint32_t[]){0}, 0), PF_NONE,
                         (int64_t[]){50, 1});
    ts_add_stack(&a, "main", 7);

    cr_assert(pf_profile_merge(&two, &a, &err));

    cr_assert_eq(two.value_count, 1);
    cr_assert_eq(two.default_value, 0);
    cr_assert_str_eq(pf_profile_text(&two, two.value_types[0].type), "samples");
    cr_assert_eq(sum(&two), 9);
    pf_profile_fini(&two);
}

Test(merge, recordings_of_different_modes_do_not_add_up)
{
    static struct pf_summary one, other;
    one = (struct pf_summary){.engine = "perf", .mode = "cpu"};
    other = (struct pf_summary){.engine = "perf", .mode = "wall"};
    pf_summary_store(&one, &a);
    pf_summary_store(&other, &b);
    ts_add_stack(&b, "main", 1);

    cr_assert_not(pf_profile_merge(&a, &b, &err));

    cr_assert_eq(err.code, PF_ERR_USAGE);
    cr_assert(strstr(err.text, "--mode wall, the others with --mode cpu"), "%s", err.text);
    cr_assert_eq(a.samples.count, 0);
}

Test(merge, rows_of_one_process_and_of_one_reason_are_one)
{
    static struct pf_summary one, other, out;
    one = (struct pf_summary){.engine = "perf", .frequency_hz = 99, .samples = 10};
    one.process_count = 2;
    one.processes[0] = (struct pf_summary_process){1, "srv", 6};
    one.processes[1] = (struct pf_summary_process){2, "srv", 4};
    one.unrooted_count = 1;
    one.unrooted[0] = (struct pf_summary_unrooted){"libx.so", "no rule", 3};
    other = one;
    other.engine[0] = 'a';
    other.frequency_hz = 499;
    other.processes[0] = (struct pf_summary_process){2, "srv", 9};
    other.processes[1] = (struct pf_summary_process){2, "other", 1};
    pf_summary_store(&one, &a);
    pf_summary_store(&other, &b);

    cr_assert(pf_profile_merge(&a, &b, &err));
    cr_assert(pf_summary_load(&out, &a));

    cr_assert_eq(out.process_count, 3);
    cr_assert_eq(out.processes[0].pid, 2);
    cr_assert_eq(out.processes[0].samples, 13);
    cr_assert_eq(out.unrooted_count, 1);
    cr_assert_eq(out.unrooted[0].samples, 6);
    cr_assert_eq(out.frequency_hz, 0);
    cr_assert_str_eq(out.engine, "several");
}

Test(merge, samples_that_are_independent_add_up)
{
    static struct pf_summary one, other, out;
    one = (struct pf_summary){.engine = "agent", .samples = 10, .independent = 3};
    other = (struct pf_summary){.engine = "agent", .samples = 5};
    pf_summary_store(&one, &a);
    pf_summary_store(&other, &b);

    cr_assert(pf_profile_merge(&a, &b, &err));
    cr_assert(pf_summary_load(&out, &a));

    cr_assert_eq(pf_summary_independent(&out), 8);
}

Test(merge, summaries_add_up)
{
    static struct pf_summary one, other, out;
    one = (struct pf_summary){.engine = "perf", .samples = 10, .lost = 1, .rooted = 9};
    other = (struct pf_summary){.engine = "perf", .samples = 5, .lost = 2, .rooted = 5};
    pf_summary_store(&one, &a);
    pf_summary_store(&other, &b);

    cr_assert(pf_profile_merge(&a, &b, &err));
    cr_assert(pf_summary_load(&out, &a));

    cr_assert_eq(out.samples, 15);
    cr_assert_eq(out.lost, 3);
    cr_assert_eq(out.rooted, 14);
}

Test(merge, pair_keeps_both_sides_and_forgets_directories)
{
    struct pf_profile pair;
    pf_profile_init(&pair);
    ts_add_stack(&a, "main@/old/server;work@/old/server", 2);
    ts_add_stack(&b, "main@/new/server;work@/new/server", 3);

    cr_assert(pf_profile_pair(&pair, &a, &b, NULL, &err));

    cr_assert_eq(pair.samples.count, 1);
    cr_assert_eq(pf_profile_values_view(&pair, 0)[0], 2);
    cr_assert_eq(pf_profile_values_view(&pair, 0)[1], 3);
    pf_profile_fini(&pair);
}

Test(merge, pair_names_the_profile_without_such_values)
{
    struct pf_profile pair;
    pf_profile_init(&pair);

    cr_assert_not(pf_profile_pair(&pair, &a, &b, "bytes", &err));
    cr_assert(strstr(err.text, "new profile"));
    pf_profile_fini(&pair);
}

Test(filter, focus_keeps_and_ignore_drops)
{
    ts_add_stack(&a, "main;parse_head;memcpy", 1);
    ts_add_stack(&a, "main;parse_body", 2);
    ts_add_stack(&a, "main;send", 4);

    cr_assert(pf_profile_filter(&a, "^parse_", "memcpy", &err));

    cr_assert_eq(a.samples.count, 1);
    cr_assert_eq(sum(&a), 2);
}

Test(filter, bad_expression_is_told)
{
    cr_assert_not(pf_profile_filter(&a, "(", NULL, &err));
    cr_assert_eq(err.code, PF_ERR_USAGE);
    cr_assert(strstr(err.text, "--focus"));
}

Test(merge, a_pick_has_the_samples_chosen_and_no_other_names)
{
    struct pf_profile picked = {0};
    ts_add_labelled(&a, "main;left@/lib/x.so", "nginx", 1, 2);
    ts_add_labelled(&a, "main;right", "nginx", 2, 3);
    ts_add_labelled(&a, "main;left@/lib/x.so", "redis", 3, 5);
    a.period = 1000;
    pf_profile_init(&picked);

    pf_profile_pick(&picked, &a, (const uint32_t[]){0, 2}, 2);

    cr_expect_eq(picked.samples.count, 2);
    cr_expect_eq(sum(&picked), 7);
    cr_expect_eq(picked.period, 1000);
    cr_expect_eq(picked.functions.count, 2, "main and left; right was not chosen");
    cr_expect_eq(picked.stacks.count, 1);
    pf_profile_fini(&picked);
}

Test(merge, a_pick_of_nothing_is_an_empty_profile_of_the_same_kind)
{
    struct pf_profile picked = {0};
    ts_add_stack(&a, "main", 2);
    pf_profile_init(&picked);

    pf_profile_pick(&picked, &a, NULL, 0);

    cr_expect_eq(picked.samples.count, 0);
    cr_expect_eq(picked.value_count, 1);
    pf_profile_fini(&picked);
}
