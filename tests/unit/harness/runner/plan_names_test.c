/* SPDX-License-Identifier: MIT */
#include "harness/runner/plan_names.h"

#include <criterion/criterion.h>

static void expect_names(const char *const *paths, const char *const *names, uint32_t count)
{
    struct hn_binary binaries[8] = {0};
    struct hn_plan plan = {.binaries = binaries, .binary_count = count};

    for (uint32_t i = 0; i < count; i++)
        binaries[i].path = paths[i];
    hn_plan_name_binaries(&plan);
    for (uint32_t i = 0; i < count; i++)
        cr_expect_str_eq(binaries[i].name, names[i], "%s: %s", paths[i], binaries[i].name);
    pf_arena_fini(&plan.arena);
}

Test(plan_names, are_the_last_component_where_that_is_enough)
{
    expect_names((const char *[]){"x/one", "x/two", "three"},
                 (const char *[]){"one", "two", "three"}, 3);
}

Test(plan_names, have_as_many_directories_as_tell_them_apart)
{
    expect_names((const char *[]){"x/a/t", "x/b/t"}, (const char *[]){"t@a", "t@b"}, 2);
    expect_names((const char *[]){"x/a/t", "y/a/t", "y/b/t"},
                 (const char *[]){"t@x.a", "t@y.a", "t@b"}, 3);
}

Test(plan_names, number_one_file_given_twice)
{
    expect_names((const char *[]){"x/t", "x/t", "y/t"}, (const char *[]){"t@x", "t@x~2", "t@y"}, 3);
}
