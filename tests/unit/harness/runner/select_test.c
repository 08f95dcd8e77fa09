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

Test(select, hostile_braces_end)
{
    char pattern[900];

    for (size_t i = 0; i + 6 < sizeof pattern; i += 5)
        (void)sprintf(pattern + i, "{a,b}");
    cr_expect_not(hn_glob_matches(pattern, "bin/c/d"));
    cr_expect_not(hn_glob_matches("{{{{", "bin/c/d"));
    cr_expect_not(hn_glob_matches("}{", "bin/c/d"));
}

static struct hn_plan plan_of_five(void)
{
    static const char *const ids[] = {"s/a", "s/b", "s/c", "s/d", "s/e", NULL};

    return ts_plan(ids);
}

Test(select, a_negative_pattern_alone_leaves_out)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.patterns = {"!s/b"}, .pattern_count = 1};

    hn_select(&plan, &selection);

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
    hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "a d");
    hn_plan_fini(&plan);
}

Test(select, failed_first_keeps_the_order_otherwise)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.failed_first = true};

    plan.tests[1].last_failed = plan.tests[3].last_failed = true;
    hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), "b d a c e");
    hn_plan_fini(&plan);
}

Test(select, a_shuffle_is_a_permutation_fixed_by_its_seed)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.shuffle = true, .seed = 3};
    char first[64];

    hn_select(&plan, &selection);
    (void)strcpy(first, ts_plan_order(&plan));
    hn_select(&plan, &selection);

    cr_expect_str_eq(ts_plan_order(&plan), first);
    cr_expect_eq(strlen(first), 9);
    for (const char *name = "abcde"; *name; name++)
        cr_expect_not_null(strchr(first, *name));
    hn_plan_fini(&plan);
}

Test(select, shards_balance_by_duration)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.shard_count = 2};
    static const double seconds[] = {10, 1, 2, 3, 4};

    for (int i = 0; i < 5; i++)
        plan.tests[i].last_duration_s = seconds[i];
    selection.shard = 1;
    hn_select(&plan, &selection);
    cr_expect_str_eq(ts_plan_order(&plan), "a");
    selection.shard = 2;
    hn_select(&plan, &selection);
    cr_expect_str_eq(ts_plan_order(&plan), "b c d e");
    hn_plan_fini(&plan);
}

Test(select, shards_without_history_are_even)
{
    struct hn_plan plan = plan_of_five();
    struct hn_selection selection = {.shard = 1, .shard_count = 5};

    hn_select(&plan, &selection);

    cr_expect_eq(plan.order_count, 1);
    hn_plan_fini(&plan);
}
