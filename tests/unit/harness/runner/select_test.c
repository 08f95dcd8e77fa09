/* SPDX-License-Identifier: MIT */
#include "harness/runner/select.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/harness/runner/runner_plan_support.h"

Test(select, globs_match_as_documented)
{
    static const struct {
        const char *pattern, *id;
        bool matches;
    } cases[] = {
        {"put", "bin/store/put", true},
        {"store/put", "bin/store/put", true},
        {"xyz", "bin/store/put", false},
        {"store/*", "bin/store/put", true},
        {"bin/store/*", "bin/store/put", true},
        {"store/*", "bin/other/put", false},
        {"*", "bin/store/put", true},
        {"store/p?t", "bin/store/put", true},
        {"store/{put,get}", "bin/store/get", true},
        {"store/{put,get}", "bin/store/del", false},
        {"{a,b}/{c,d}", "bin/b/d", true},
        {"store/[pg]*", "bin/store/get", true},
        {"store/put[2]", "bin/store/put[2]", true},
        {"store/put[2]", "bin/store/put[12]", false},
        {"store/put[[]*", "bin/store/put[3]", true},
        {"*[3]", "bin/store/put[3]", true},
        {"*[3]", "bin/store/put[4]", false},
        {"", "bin/store/put", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(hn_glob_matches(cases[i].pattern, cases[i].id), cases[i].matches, "%s on %s",
                     cases[i].pattern, cases[i].id);
}

static struct hn_plan plan_of_five(void)
{
    static const char *const ids[] = {"s/a", "s/b", "s/c", "s/d", "s/e", NULL};

    return ts_plan(ids);
}

Test(select, a_pattern_without_its_end_is_told)
{
    static const struct {
        const char *pattern;
        bool is_fine;
    } cases[] = {
        {"a/[", false},    {"a/[b", false}, {"[]", false},        {"a{b,c", false},
        {"a/[bc]*", true}, {"[]]", true},   {"a[3]", true},       {"{a,b}", true},
        {"a]", true},      {"", true},      {"store/[[]*", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(hn_glob_problem(cases[i].pattern) == NULL, cases[i].is_fine, "%s",
                     cases[i].pattern);
}

Test(select, several_exact_ids_are_all_chosen)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.exact = {"s/b", "s/e"}, .exact_count = 2};

    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "b e");
    hn_plan_fini(&plan);
}

Test(select, hostile_braces_end)
{
    char pattern[900];

    for (size_t i = 0; i + 6 < sizeof pattern; i += 5)
        (void)sprintf(pattern + i, "{a,b}");
    cr_expect_not(hn_glob_matches(pattern, "bin/c/d"));
    cr_expect_not(hn_glob_matches("{{{{", "bin/c/d"));
    cr_expect_not(hn_glob_matches("}{", "bin/c/d"));
}

Test(select, a_negative_pattern_alone_leaves_out)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.patterns = {"!s/b"}, .pattern_count = 1};

    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "a c d e");
    hn_plan_fini(&plan);
}

Test(select, tags_are_words)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.tags = {"slow", "!net"}, .tag_count = 2};

    plan.tests[0].tags = "slow";
    plan.tests[1].tags = "slow net";
    plan.tests[2].tags = "slower";
    plan.tests[3].tags = "fast, slow";
    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "a d");
    hn_plan_fini(&plan);
}

Test(select, failed_first_keeps_the_order_otherwise)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.failed_first = true};

    plan.tests[1].last_failed = plan.tests[3].last_failed = true;
    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "b d a c e");
    hn_plan_fini(&plan);
}

Test(select, a_shuffle_is_a_permutation_fixed_by_its_seed)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.shuffle = true, .seed = 3};
    char first[64];

    (void)hn_select(&plan, &selection);
    (void)strcpy(first, ts_plan_order(&plan));
    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), first);
    cr_expect_eq(strlen(first), 9);
    for (const char *name = "abcde"; *name; name++)
        cr_expect_not_null(strchr(first, *name));
    hn_plan_fini(&plan);
}

static const char *shard_of_five(struct hn_plan *plan, unsigned shard, unsigned count, bool balance)
{
    struct hn_selection selection = {.shard = shard, .shard_count = count, .is_balanced = balance};

    (void)hn_select(plan, &selection);
    return ts_plan_order(plan);
}

Test(select, shards_balance_by_the_durations_given_for_it)
{
    struct hn_plan plan = plan_of_five();
    static const double seconds[] = {10, 1, 2, 3, 4};

    for (int i = 0; i < 5; i++)
        plan.tests[i].balance_s = seconds[i];

    cr_expect_str_eq(shard_of_five(&plan, 1, 2, true), "a");
    cr_expect_str_eq(shard_of_five(&plan, 2, 2, true), "b c d e");
    hn_plan_fini(&plan);
}

Test(select, shards_without_durations_to_balance_are_even)
{
    struct hn_plan plan = plan_of_five();

    for (int i = 0; i < 5; i++)
        plan.tests[i].balance_s = -1;
    (void)shard_of_five(&plan, 1, 5, true);

    cr_expect_eq(plan.order_count, 1);
    hn_plan_fini(&plan);
}

/* Each machine has its own memory of durations, and may even have other tests. */
Test(select, a_tests_shard_is_its_ids_alone)
{
    static const char *const fewer[] = {"s/a", "s/d", "s/e", NULL};

    for (unsigned shard = 1; shard <= 2; shard++) {
        struct hn_plan plan = plan_of_five(), other = ts_plan(fewer);
        char first[64], without[64];
        (void)strcpy(first, shard_of_five(&plan, shard, 2, false));
        for (int i = 0; i < 5; i++)
            plan.tests[i].last_duration_s = (double)(7 * i % 5);
        cr_expect_str_eq(shard_of_five(&plan, shard, 2, false), first);
        (void)strcpy(without, shard_of_five(&other, shard, 2, false));
        for (const char *name = "ade"; *name; name++)
            cr_expect_eq(!strchr(first, *name), !strchr(without, *name), "%c", *name);
        hn_plan_fini(&plan);
        hn_plan_fini(&other);
    }
}

Test(select, a_fingerprint_tells_partitions_apart)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection one = {.shard = 1, .shard_count = 2, .is_balanced = true};
    struct hn_selection two = one;
    struct hn_selection three = {.shard = 1, .shard_count = 3, .is_balanced = true};

    two.shard = 2;
    for (int i = 0; i < 5; i++)
        plan.tests[i].balance_s = i + 1;
    uint32_t print = hn_select(&plan, &one);

    cr_expect_eq(hn_select(&plan, &two), print);
    cr_expect_neq(hn_select(&plan, &three), print);
    plan.tests[0].balance_s = 9;
    cr_expect_neq(hn_select(&plan, &two), print);
    hn_plan_fini(&plan);
}

/* What only this machine remembers must not move the borders of its shard. */
Test(select, shards_are_made_before_memory_chooses)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.shard = 2, .shard_count = 2, .is_balanced = true};

    for (int i = 0; i < 5; i++)
        plan.tests[i].balance_s = i ? 1 : 10;
    plan.tests[0].last_failed = plan.tests[2].last_failed = true;
    selection.last_failed = true;
    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "c");
    cr_expect_not(plan.tests[0].chosen);
    cr_expect_not(plan.is_empty_shard);
    hn_plan_fini(&plan);
}

Test(select, changed_is_what_has_not_run_in_the_new_binary)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.changed = true};

    plan.tests[0].last_stamp = plan.tests[3].last_stamp = 7;
    plan.tests[1].last_stamp = 6;
    (void)hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "b c e");
    hn_plan_fini(&plan);
}
