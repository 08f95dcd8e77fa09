/* SPDX-License-Identifier: MIT */
#include "profiler/profile/paths.h"

#include <criterion/criterion.h>

#include "profiler/profile/profile.h"
#include "profiler/profile/totals.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"

static struct pf_profile profile;
static struct pf_paths paths;

static void start(void)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
}

static void end(void)
{
    pf_paths_fini(&paths);
    pf_profile_fini(&profile);
}

TestSuite(paths, .init = start, .fini = end);
TestSuite(totals, .init = start, .fini = end);

static void init(unsigned groups)
{
    struct pf_paths_spec spec = {.groups = groups};

    pf_paths_init(&paths, &profile, &spec);
}

static const char *name_at(uint32_t path, uint32_t depth)
{
    return paths.frames.at[paths.ids[paths.at[path].at + depth]].name;
}

Test(paths, stand_root_first)
{
    ts_add_stack(&profile, "main;work;leaf", 5);

    init(0);

    cr_assert_eq(paths.count, 1);
    cr_assert_eq(paths.at[0].count, 3);
    cr_assert_str_eq(name_at(0, 0), "main");
    cr_assert_str_eq(name_at(0, 2), "leaf");
    cr_assert_eq(paths.total, 5);
    cr_assert_eq(paths.depth, 3);
}

Test(paths, zero_values_are_left_out)
{
    ts_add_stack(&profile, "main", 0);
    ts_add_stack(&profile, "main;b", 1);

    init(0);

    cr_assert_eq(paths.count, 1);
}

Test(paths, groups_stand_above_the_root)
{
    ts_add_labelled(&profile, "main;work", "nginx", 7, 1);

    init(PF_GROUP_PROCESS | PF_GROUP_THREAD);

    cr_assert_eq(paths.at[0].count, 4);
    cr_assert_str_eq(name_at(0, 0), "nginx");
    cr_assert_str_eq(name_at(0, 1), "thread 7");
    cr_assert_str_eq(name_at(0, 2), "main");
}

Test(paths, sample_without_labels_has_no_group)
{
    ts_add_stack(&profile, "main", 1);

    init(PF_GROUP_PROCESS);

    cr_assert_eq(paths.at[0].count, 1);
}

Test(paths, unknown_column_is_an_error_that_lists_what_there_is)
{
    struct pf_err err = {0};
    uint32_t column = 0;

    cr_assert(pf_paths_column(&profile, "samples", &column, &err));
    cr_assert_not(pf_paths_column(&profile, "bytes", &column, &err));
    cr_assert_eq(err.code, PF_ERR_USAGE);
    cr_assert(strstr(err.text, "samples"));
}

static const struct pf_total *total_of(const struct pf_totals *totals, const char *name)
{
    for (uint32_t i = 0; i < totals->count; i++)
        if (strcmp(paths.frames.at[totals->at[i].frame].name, name) == 0)
            return &totals->at[i];
    cr_assert_fail("no function %s", name);
    return NULL;
}

Test(totals, recursion_counts_once)
{
    struct pf_totals totals;
    ts_add_stack(&profile, "main;fib;fib;fib", 4);
    ts_add_stack(&profile, "main;fib", 1);

    init(0);
    pf_totals_init(&totals, &paths);

    cr_assert_eq(total_of(&totals, "fib")->total, 5);
    cr_assert_eq(total_of(&totals, "fib")->self, 5);
    cr_assert_eq(total_of(&totals, "main")->self, 0);
    pf_totals_fini(&totals);
}

Test(totals, most_self_stands_first)
{
    struct pf_totals totals;
    ts_add_stack(&profile, "main;small", 1);
    ts_add_stack(&profile, "main;large", 9);

    init(0);
    pf_totals_init(&totals, &paths);

    cr_assert_str_eq(paths.frames.at[totals.at[0].frame].name, "large");
    cr_assert_str_eq(paths.frames.at[totals.at[1].frame].name, "small");
    pf_totals_fini(&totals);
}

Test(totals, groups_are_no_functions)
{
    struct pf_totals totals;
    ts_add_labelled(&profile, "main", "nginx", 7, 1);

    init(PF_GROUP_PROCESS);
    pf_totals_init(&totals, &paths);

    cr_assert_eq(totals.count, 1);
    pf_totals_fini(&totals);
}
