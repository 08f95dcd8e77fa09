/*
 * Criterion's documented behaviour, for both engines to agree on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <criterion/redirect.h>
#include <criterion/theories.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int order;

static void suite_setup(void)
{
    cr_assert_eq(order++, 0);
}

static void test_setup(void)
{
    cr_assert_eq(order++, 1);
}

static void test_teardown(void)
{
    order++;
}

TestSuite(fixtures, .init = suite_setup);

Test(fixtures, suite_before_test, .init = test_setup, .fini = test_teardown)
{
    cr_assert_eq(order, 2);
}

Test(asserts, expect_goes_on)
{
    cr_expect(0, "first");
    cr_expect(0, "second");
}

Test(asserts, assert_ends)
{
    cr_assert(0, "first");
    cr_assert(0, "never");
}

Test(asserts, pass)
{
    cr_assert_str_eq("a", "a");
    cr_assert_float_eq(0.1, 0.1, 0.01);
}

Test(signals, expected, .signal = SIGSEGV)
{
    raise(SIGSEGV);
}

Test(signals, another, .signal = SIGINT)
{
    raise(SIGTERM);
}

Test(signals, none, .signal = SIGSEGV)
{
}

Test(signals, crash)
{
    abort();
}

Test(exits, expected, .exit_code = 7)
{
    exit(7);
}

Test(exits, another, .exit_code = 7)
{
    exit(8);
}

Test(exits, none, .exit_code = 7)
{
}

Test(skips, by_call)
{
    cr_skip("no need");
}

Test(skips, disabled, .disabled = true)
{
    cr_assert(0);
}

Test(timeouts, late, .timeout = 0.5)
{
    for (;;)
        pause();
}

Test(timeouts, in_time, .timeout = 20)
{
    cr_assert(1);
}

TestSuite(late_suite, .timeout = 0.5);

Test(late_suite, inherits)
{
    for (;;)
        pause();
}

ParameterizedTestParameters(params, numbers)
{
    static int values[] = {1, 2, 3};

    return cr_make_param_array(int, values, 3);
}

ParameterizedTest(int *value, params, numbers)
{
    cr_assert_lt(*value, 3, "%d", *value);
}

static void free_texts(struct criterion_test_params *params)
{
    char **texts = params->params;

    for (size_t i = 0; i < params->length; i++)
        cr_free(texts[i]);
    cr_free(texts);
}

ParameterizedTestParameters(params, allocated)
{
    char **texts = cr_malloc(2 * sizeof *texts);

    for (int i = 0; i < 2; i++) {
        texts[i] = cr_malloc(8);
        snprintf(texts[i], 8, "text%d", i);
    }
    return cr_make_param_array(char *, texts, 2, free_texts);
}

ParameterizedTest(char **text, params, allocated)
{
    cr_assert_eq(strncmp(*text, "text", 4), 0);
}

TheoryDataPoints(theories, holds) = {
    DataPoints(int, 1, 2, 3),
    DataPoints(double, 0.5, 1.5),
    DataPoints(const char *, "x", "yy"),
};

Theory((int a, double b, const char *c), theories, holds)
{
    cr_assert_gt(a + b + strlen(c), 1);
}

TheoryDataPoints(theories, fails) = {
    DataPoints(int, 0, 1),
    DataPoints(float, 2.0f, 4.0f),
};

Theory((int a, float b), theories, fails)
{
    cr_assume(a != 0);
    cr_assert_lt(b, 3.0f);
}

TheoryDataPoints(theories, many_arguments) = {
    DataPoints(char, 'a'),   DataPoints(short, -2),    DataPoints(int, 3), DataPoints(long, -4),
    DataPoints(bool, true),  DataPoints(unsigned, 6u), DataPoints(int, 7), DataPoints(long, 8),
    DataPoints(float, 1.5f), DataPoints(double, 2.5),
};

Theory((char a, short b, int c, long d, bool e, unsigned f, int g, long h, float i, double j),
       theories, many_arguments)
{
    cr_assert_eq(a, 'a');
    cr_assert_eq(b, -2);
    cr_assert_eq(c, 3);
    cr_assert_eq(d, -4);
    cr_assert(e);
    cr_assert_eq(f, 6u);
    cr_assert_eq(g, 7);
    cr_assert_eq(h, 8);
    cr_assert_eq(i, 1.5f);
    cr_assert_eq(j, 2.5);
}

static void redirect_output(void)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
}

Test(redirects, output, .init = redirect_output)
{
    printf("foo");
    fflush(stdout);
    fprintf(stderr, "bar");
    cr_assert_stdout_eq_str("foo");
    cr_assert_stderr_eq_str("bar");
}

Test(redirects, input)
{
    char line[16] = "";
    FILE *in = cr_get_redirected_stdin();

    fprintf(in, "hello\n");
    fclose(in);
    cr_assert_not_null(fgets(line, sizeof line, stdin));
    cr_assert_str_eq(line, "hello\n");
}
