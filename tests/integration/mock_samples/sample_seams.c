/*
 * Functions the linker alone cannot fake, as a user writes tests with them. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <stdlib.h>

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
