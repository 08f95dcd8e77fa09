/*
 * What POST_SUITE and POST_ALL hooks are given: the outcomes of all tests, counted.
 *
 * Lanes leave outcomes in a mapping they share with the binary's own process. As with Criterion's
 * runner, a test that was disabled or not chosen counts as skipped; of repeated tests the last run
 * counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/internal/ordered-set.h>
#include <criterion/stats.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "harness/preload/preload.h"

static struct hn_outcome *outcomes;
static uint32_t outcome_count;

void hn_stats_open(void)
{
    if (!hn_hooks_has("cr_pos") && !hn_hooks_has("cr_poa"))
        return;
    for (uint32_t i = 0; i < hn_preload.item_count; i++) {
        struct hn_item *item = &hn_preload.items[i];
        item->first_outcome = outcome_count;
        outcome_count += item->params ? item->cases : 1;
    }
    void *map = mmap(NULL, ((size_t)outcome_count + 1) * sizeof *outcomes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (map != MAP_FAILED)
        outcomes = map;
}

void hn_stats_note(const struct hn_item *item, uint32_t param, const struct hn_outcome *outcome)
{
    if (outcomes && item->first_outcome + param < outcome_count)
        outcomes[item->first_outcome + param] = *outcome;
}

void hn_stats_begin(struct criterion_test_set *set)
{
    if (!hn_hooks_has("cr_prs"))
        return;
    FOREACH_SET(struct criterion_suite_set * suite, set->suites)
    {
        if (suite->tests)
            hn_hooks_run("cr_prs", suite);
    }
}

static void count_test(struct criterion_suite_stats *suite, const struct criterion_test_stats *test)
{
    suite->nb_tests++;
    suite->tests_skipped += test->test_status == CR_STATUS_SKIPPED;
    suite->tests_failed += test->test_status == CR_STATUS_FAILED;
    suite->tests_passed += test->test_status == CR_STATUS_PASSED;
    suite->tests_crashed += test->crashed;
    suite->asserts_failed += (size_t)test->failed_asserts;
    suite->asserts_passed += (size_t)test->passed_asserts;
    suite->nb_asserts = suite->asserts_failed + suite->asserts_passed;
}

/* The cases of one test, chained before those already there; returns the first. */
static struct criterion_test_stats *add_cases(struct criterion_suite_stats *suite,
                                              const struct hn_item *item,
                                              struct criterion_test_stats *to)
{
    static const struct hn_outcome not_run = {.status = CR_STATUS_SKIPPED};
    uint32_t cases = item->params ? item->cases : 1;

    for (uint32_t i = 0; i < cases; i++, to++) {
        const struct hn_outcome *outcome = &outcomes[item->first_outcome + i];
        hn_outcome_fill(to, item->test, outcome->is_known ? outcome : &not_run);
        to->next = suite->tests;
        suite->tests = to;
        count_test(suite, to);
    }
    return to;
}

static void add_suite(struct criterion_global_stats *all, struct criterion_suite_stats *suite)
{
    all->nb_suites++;
    all->nb_tests += suite->nb_tests;
    all->nb_asserts += suite->nb_asserts;
    all->tests_skipped += suite->tests_skipped;
    all->tests_failed += suite->tests_failed;
    all->tests_crashed += suite->tests_crashed;
    all->tests_passed += suite->tests_passed;
    all->asserts_failed += suite->asserts_failed;
    all->asserts_passed += suite->asserts_passed;
    suite->next = all->suites;
    all->suites = suite;
}

/* Tests of one suite stand side by side in the list. */
static void report(struct criterion_suite_stats *suites, struct criterion_test_stats *tests)
{
    struct criterion_global_stats all = {0};
    uint32_t i = 0;

    while (i < hn_preload.item_count) {
        struct criterion_suite_stats *suite = suites++;
        suite->suite = hn_preload.items[i].suite;
        for (; i < hn_preload.item_count && hn_preload.items[i].suite == suite->suite; i++)
            tests = add_cases(suite, &hn_preload.items[i], tests);
        add_suite(&all, suite);
        hn_hooks_run("cr_pos", suite);
    }
    hn_hooks_run("cr_poa", &all);
}

void hn_stats_report(void)
{
    if (!outcomes)
        return;
    struct criterion_suite_stats *suites =
        calloc((size_t)hn_preload.item_count + 1, sizeof *suites);
    struct criterion_test_stats *tests = calloc((size_t)outcome_count + 1, sizeof *tests);
    if (suites && tests)
        report(suites, tests);
    free(suites);
    free(tests);
}
