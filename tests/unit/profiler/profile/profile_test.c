/* SPDX-License-Identifier: MIT */
#include "profiler/profile/profile.h"

#include <criterion/criterion.h>

static struct pf_profile profile;

static void start(void)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    (void)pf_profile_add_value_type(&profile, "cpu", "nanoseconds");
}

static void end(void)
{
    pf_profile_fini(&profile);
}

TestSuite(profile, .init = start, .fini = end);

static uint32_t named(const char *name)
{
    struct pf_function function = {.name = pf_profile_string(&profile, name)};

    return pf_profile_named_location(&profile, pf_profile_function(&profile, &function), 0);
}

Test(profile, zero_is_empty_and_may_be_ended)
{
    struct pf_profile zero = {0};

    cr_assert_str_eq(pf_profile_text(&zero, 0), "");
    pf_profile_fini(&zero);
}

Test(profile, string_zero_is_empty)
{
    cr_assert_str_eq(pf_profile_text(&profile, 0), "");
    cr_assert_eq(pf_profile_string(&profile, ""), 0);
}

Test(profile, equal_strings_are_one_and_nul_bytes_count)
{
    uint32_t a = pf_profile_string_n(&profile, "a\0b", 3);
    uint32_t b = pf_profile_string_n(&profile, "a\0c", 3);

    cr_assert_neq(a, b);
    cr_assert_eq(pf_profile_string_n(&profile, "a\0b", 3), a);
}

Test(profile, mappings_differ_by_build_id)
{
    struct pf_mapping mapping = {.start = 0x1000, .limit = 0x2000};
    uint32_t a = pf_profile_mapping(&profile, &mapping);

    mapping.build_id = pf_profile_string(&profile, "abcd");
    uint32_t b = pf_profile_mapping(&profile, &mapping);

    cr_assert_neq(a, b);
    cr_assert_eq(pf_profile_mapping(&profile, &mapping), b);
}

Test(profile, location_is_found_by_address_after_it_got_lines)
{
    uint32_t location = pf_profile_location(&profile, 0x1234, PF_NONE);
    struct pf_line lines[2] = {{7, 1}, {8, 2}};

    pf_profile_set_lines(&profile, location, lines, 2);

    cr_assert_eq(pf_profile_location(&profile, 0x1234, PF_NONE), location);
    const struct pf_location *found = pf_profile_location_at(&profile, location);
    cr_assert_eq(found->line_count, 2);
    cr_assert_eq(pf_profile_lines_view(&profile, found)[1].function, 8);
}

Test(profile, location_read_with_lines_is_found_by_address)
{
    struct pf_location location = {.address = 0x10, .mapping = 3, .line_count = 1};
    struct pf_line line = {5, 6};

    uint32_t id = pf_profile_location_with_lines(&profile, &location, &line);

    cr_assert_eq(pf_profile_location(&profile, 0x10, 3), id);
    cr_assert_eq(pf_profile_location_with_lines(&profile, &location, &line), id);
}

Test(profile, locations_of_one_address_differ_by_their_lines)
{
    struct pf_location location = {.address = 0x10, .mapping = 3, .line_count = 1};
    struct pf_line one = {1, 1}, two = {1, 2};

    uint32_t a = pf_profile_location_with_lines(&profile, &location, &one);
    uint32_t b = pf_profile_location_with_lines(&profile, &location, &two);

    cr_assert_neq(a, b);
    cr_assert_eq(pf_profile_location(&profile, 0x10, 3), a);
}

Test(profile, location_without_lines_differs_from_one_with)
{
    struct pf_location location = {.address = 0x10, .mapping = 3};
    uint32_t bare = pf_profile_location_with_lines(&profile, &location, NULL);

    location.line_count = 1;
    uint32_t lined = pf_profile_location_with_lines(&profile, &location, &(struct pf_line){1, 1});

    cr_assert_neq(bare, lined);
}

Test(profile, names_without_address_are_one_location_each)
{
    cr_assert_eq(named("main"), named("main"));
    cr_assert_neq(named("main"), named("other"));
}

Test(profile, equal_stacks_are_one_and_the_empty_stack_is_one)
{
    uint32_t frames[3] = {1, 2, 3};
    uint32_t a = pf_profile_stack(&profile, frames, 3);

    cr_assert_eq(pf_profile_stack(&profile, frames, 3), a);
    cr_assert_neq(pf_profile_stack(&profile, frames, 2), a);
    cr_assert_eq(pf_profile_stack(&profile, NULL, 0), pf_profile_stack(&profile, frames, 0));
}

Test(profile, values_of_the_same_stack_and_labels_add_up)
{
    uint32_t frames[1] = {named("main")};
    uint32_t stack = pf_profile_stack(&profile, frames, 1);
    struct pf_label label = {.key = pf_profile_string(&profile, "pid"), .num = 7};
    uint32_t labels = pf_profile_label_set(&profile, &label, 1);

    uint32_t plain = pf_profile_add(&profile, stack, PF_NONE, (int64_t[]){1, 10});
    uint32_t labelled = pf_profile_add(&profile, stack, labels, (int64_t[]){1, 10});
    (void)pf_profile_add(&profile, stack, PF_NONE, (int64_t[]){2, 5});

    cr_assert_neq(plain, labelled);
    cr_assert_eq(pf_profile_values_view(&profile, plain)[0], 3);
    cr_assert_eq(pf_profile_values_view(&profile, plain)[1], 15);
    cr_assert_eq(pf_profile_values_view(&profile, labelled)[1], 10);
}

Test(profile, sums_stop_at_the_end_of_their_range)
{
    uint32_t frames[1] = {named("main")};
    uint32_t stack = pf_profile_stack(&profile, frames, 1);

    uint32_t row = pf_profile_add(&profile, stack, PF_NONE, (int64_t[]){INT64_MAX, INT64_MIN});
    (void)pf_profile_add(&profile, stack, PF_NONE, (int64_t[]){1, -1});

    cr_assert_eq(pf_profile_values_view(&profile, row)[0], INT64_MAX);
    cr_assert_eq(pf_profile_values_view(&profile, row)[1], INT64_MIN);
}

Test(profile, label_sets_keep_their_labels)
{
    struct pf_label set[2] = {{.key = 1, .str = 2}, {.key = 3, .num = 4, .num_unit = 5}};
    uint32_t count = 0;

    uint32_t id = pf_profile_label_set(&profile, set, 2);
    const struct pf_label *view = pf_profile_labels_view(&profile, id, &count);

    cr_assert_eq(count, 2);
    cr_assert_eq(view[1].num_unit, 5);
    cr_assert_eq(pf_profile_label_set(&profile, set, 2), id);
    cr_assert_eq(pf_profile_label_set(&profile, set, 0), PF_NONE);
}

Test(profile, many_samples_keep_their_rows)
{
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t stack = pf_profile_stack(&profile, &i, 1);
        (void)pf_profile_add(&profile, stack, PF_NONE, (int64_t[]){i, 2 * (int64_t)i});
    }

    cr_assert_eq(profile.samples.count, 5000);
    for (uint32_t i = 0; i < 5000; i++)
        cr_assert_eq(pf_profile_values_view(&profile, i)[1], 2 * (int64_t)i);
}

Test(profile, neighbouring_stacks_and_label_sets_keep_rows_of_their_own)
{
    enum { STACKS = 100, SETS = 3 };
    uint32_t sets[SETS] = {PF_NONE};

    for (int i = 1; i < SETS; i++)
        sets[i] = pf_profile_label_set(&profile, &(struct pf_label){.key = 1, .num = i}, 1);
    for (int round = 0; round < 2; round++)
        for (uint32_t stack = 0; stack < STACKS; stack++)
            for (int i = 0; i < SETS; i++)
                (void)pf_profile_add(&profile, stack, sets[i],
                                     (int64_t[]){1, (int64_t)stack * SETS + i});

    cr_assert_eq(profile.samples.count, STACKS * SETS);
    for (uint32_t i = 0; i < STACKS * SETS; i++)
        cr_assert_eq(pf_profile_values_view(&profile, i)[1], 2 * (int64_t)i);
}

Test(profile, move_leaves_the_source_empty)
{
    struct pf_profile to = {0};
    uint32_t name = pf_profile_string(&profile, "name");

    pf_profile_move(&to, &profile);

    cr_assert_str_eq(pf_profile_text(&to, name), "name");
    cr_assert_eq(profile.strings.count, 0);
    pf_profile_fini(&to);
}

Test(profile, more_value_types_than_columns_set_full)
{
    for (int i = 2; i < PF_PROFILE_VALUES_MAX; i++)
        (void)pf_profile_add_value_type(&profile, "x", "y");
    cr_assert_not(profile.is_full);

    cr_assert_eq(pf_profile_add_value_type(&profile, "x", "y"), PF_NONE);
    cr_assert(profile.is_full);
}

Test(profile, what_could_not_be_entered_is_not_added)
{
    cr_assert_eq(pf_profile_add(&profile, PF_NONE, PF_NONE, (int64_t[]){1, 1}), PF_NONE);
    cr_assert_eq(profile.samples.count, 0);
}
