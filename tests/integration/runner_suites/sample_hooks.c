/*
 * Report hooks that read what they are given; what they saw is appended to $HOOKS_FILE.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *book(void)
{
    const char *path = getenv("HOOKS_FILE");

    return fopen(path ? path : "/dev/null", "a");
}

ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
    FILE *file = book();

    (void)fprintf(file, "pre_all tests=%zu\n", set->tests);
    (void)fclose(file);
}

ReportHook(PRE_SUITE)(struct criterion_suite_set *set)
{
    FILE *file = book();

    (void)fprintf(file, "pre_suite %s\n", set->suite.name);
    (void)fclose(file);
}

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    FILE *file = book();

    (void)fprintf(file, "post_test %s/%s status=%d failed=%d passed=%d exit=%d message=%s\n",
                  stats->test->category, stats->test->name, (int)stats->test_status,
                  stats->failed_asserts, stats->passed_asserts, stats->exit_code,
                  stats->asserts ? stats->asserts->message : "none");
    (void)fclose(file);
}

ReportHook(POST_FINI)(struct criterion_test_stats *stats)
{
    FILE *file = book();

    (void)fprintf(file, "post_fini %s/%s\n", stats->test->category, stats->test->name);
    (void)fclose(file);
}

ReportHook(TEST_CRASH)(struct criterion_test_stats *stats)
{
    FILE *file = book();

    (void)fprintf(file, "test_crash %s/%s signal=%d\n", stats->test->category, stats->test->name,
                  stats->signal);
    (void)fclose(file);
}

ReportHook(POST_SUITE)(struct criterion_suite_stats *stats)
{
    FILE *file = book();
    unsigned listed = 0;

    for (const struct criterion_test_stats *test = stats->tests; test; test = test->next)
        listed++;
    (void)fprintf(file,
                  "post_suite %s tests=%zu listed=%u passed=%zu failed=%zu crashed=%zu "
                  "skipped=%zu\n",
                  stats->suite->name, stats->nb_tests, listed, stats->tests_passed,
                  stats->tests_failed, stats->tests_crashed, stats->tests_skipped);
    (void)fclose(file);
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    FILE *file = book();
    unsigned listed = 0;

    for (const struct criterion_suite_stats *suite = stats->suites; suite; suite = suite->next)
        listed++;
    (void)fprintf(file,
                  "post_all suites=%zu listed=%u tests=%zu passed=%zu failed=%zu crashed=%zu "
                  "skipped=%zu asserts_failed=%zu asserts_passed=%zu\n",
                  stats->nb_suites, listed, stats->nb_tests, stats->tests_passed,
                  stats->tests_failed, stats->tests_crashed, stats->tests_skipped,
                  stats->asserts_failed, stats->asserts_passed);
    (void)fclose(file);
}

Test(one, passes)
{
    cr_assert(1);
    cr_assert(1);
}

Test(one, fails)
{
    cr_expect(0, "first");
    cr_expect(0, "second");
}

Test(one, crashes)
{
    raise(SIGSEGV);
}

Test(two, skips)
{
    cr_skip_test("no need");
}

Test(two, is_disabled, .disabled = true)
{
    cr_assert(0);
}

Test(two, expects_its_signal, .signal = SIGTERM)
{
    raise(SIGTERM);
}

Test(two, expects_its_exit, .exit_code = 3)
{
    exit(3);
}

ParameterizedTestParameters(two, numbers)
{
    static int numbers[] = {1, 2, 3};

    return cr_make_param_array(int, numbers, 3);
}

ParameterizedTest(int *number, two, numbers)
{
    cr_assert_leq(*number, 2);
}
