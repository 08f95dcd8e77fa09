/*
 * Report hooks around and inside a test: PRE_INIT, PRE_TEST, ASSERT, THEORY_FAIL; what they saw is
 * appended to $HOOKS_FILE.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/new/assert.h>
#include <criterion/theories.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void note(const char *fmt, ...)
{
    const char *path = getenv("HOOKS_FILE");
    FILE *file = fopen(path ? path : "/dev/null", "a");
    va_list args;

    va_start(args, fmt);
    (void)vfprintf(file, fmt, args);
    va_end(args);
    (void)fclose(file);
}

ReportHook(PRE_INIT)(struct criterion_test *test)
{
    note("pre_init %s/%s line=%u\n", test->category, test->name, test->data->line_);
}

ReportHook(PRE_TEST)(struct criterion_test *test)
{
    note("pre_test %s/%s\n", test->category, test->name);
}

ReportHook(ASSERT)(struct criterion_assert_stats *stats)
{
    note("assert passed=%d line=%u\n", (int)stats->passed, stats->line);
}

ReportHook(THEORY_FAIL)(struct criterion_theory_stats *stats)
{
    note("theory_fail %s/%s for %s\n", stats->stats->test->category, stats->stats->test->name,
         stats->formatted_args);
}

static void start(void)
{
    note("init\n");
}

Test(order, passes, .init = start)
{
    note("body\n");
    cr_assert(1);
}

Test(order, is_skipped, .init = start)
{
    cr_skip_test("no need");
}

Test(order, is_disabled, .disabled = true)
{
}

Test(order, fails)
{
    cr_expect(eq(int, 1, 2));
    cr_expect(0, "with a message");
    cr_assert(lt(str, "b", "a"), "and ends");
}

TheoryDataPoints(theories, sums) = {
    DataPoints(int, 1, 20),
    DataPoints(const char *, "a", "longer"),
};

Theory((int a, const char *b), theories, sums)
{
    cr_assert(a < 10 || *b == 'a');
}
