/*
 * Functions the linker alone cannot fake, as a user writes tests with them. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sample_log.h"
#include "sample_parser.h"

Test(seams, a_call_inside_its_own_file_is_seen)
{
    mock_parser_value(.ret = 7);
    cr_assert_eq(parser_sum("1 2 3"), 21);
    cr_assert_eq(parser_value_calls(), 3);
}

Test(seams, a_static_function_is_faked)
{
    struct token token = {.text = "40"};

    seq_next_token({.ret = 1, .out_token = &token}, {.ret = 0});
    cr_assert_eq(parser_sum("1 2 3"), 40);
}

Test(seams, the_real_one_behind_a_patch_still_runs)
{
    spy_next_token();
    spy_parser_value();
    cr_assert_eq(parser_sum("1 2 3"), 6);
    cr_assert_eq(next_token_calls(), 4);
    cr_assert_eq(parser_value_call(2)->ret, 3);
}

Test(seams, without_rules_nothing_changes)
{
    cr_assert_eq(parser_sum("20 22"), 42);
}

Test(seams, a_shared_library_s_calls_are_seen)
{
    char home[] = "/srv/plugin";

    mock_getenv(.name = STR("PLUGIN_HOME"), .ret = home);
    char *got = plugin_home();
    cr_assert_str_eq(got, home);
    free(got);
}

Test(seams, a_shared_library_s_allocation_fails)
{
    char home[] = "/srv/plugin";

    mock_getenv(.ret = home);
    fail_malloc();
    cr_assert_null(plugin_home());
}

#define REPORTED "1 2.50 six 4 5 6 7 8 5.0"

Test(seams, a_variadic_function_without_rules_gets_all_it_was_given)
{
    cr_assert_eq(log_user_report(1, 2.5), 3 + (int)strlen(REPORTED));
    cr_assert_str_eq(log_last, REPORTED);
    cr_assert_float_eq(log_user_scale(), 22, 0.001);
}

Test(seams, a_variadic_function_is_spied_without_losing_an_argument)
{
    spy_log_put(.level = IS(3), .format = NOT((char *)NULL));
    spy_log_scale(.factor = GT(1.5));
    cr_assert_eq(log_user_report(1, 2.5), 3 + (int)strlen(REPORTED));
    cr_assert_str_eq(log_last, REPORTED);
    cr_assert_float_eq(log_user_scale(), 22, 0.001);
    cr_assert_eq(log_put_call(0)->level, 3);
}

Test(seams, a_variadic_function_gets_other_arguments)
{
    spy_log_put(.with_level = 100);
    spy_log_scale(.with_factor = 10.0);
    cr_assert_eq(log_user_report(1, 2.5), 100 + (int)strlen(REPORTED));
    cr_assert_float_eq(log_user_scale(), 110, 0.001);
}

Test(seams, a_variadic_function_is_faked)
{
    mock_log_put(.level = IS(3), .ret = 42);
    mock_log_scale(.ret = 0.25);
    cr_assert_eq(log_user_report(1, 2.5), 42);
    cr_assert_float_eq(log_user_scale(), 0.25, 0.001);
}

static int fake_put(int level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int first = va_arg(args, int);
    double second = va_arg(args, double);
    va_end(args);
    return level * 100 + first * 10 + (int)second;
}

Test(seams, a_variadic_function_is_replaced)
{
    mock_log_put(.call = fake_put);
    cr_assert_eq(log_user_report(4, 5.0), 345);
}
