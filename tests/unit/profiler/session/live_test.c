/* SPDX-License-Identifier: MIT */
#include "profiler/session/live.h"

#include <criterion/criterion.h>
#include <string.h>

/* A recording in the making: named frames, values in samples. */
static uint32_t location(struct pf_profile *profile, const char *name)
{
    struct pf_function function = {.name = pf_profile_string(profile, name),
                                   .system_name = pf_profile_string(profile, name),
                                   .file = pf_profile_string(profile, "")};

    return pf_profile_named_location(profile, pf_profile_function(profile, &function), 0);
}

static void add(struct pf_profile *profile, const uint32_t *stack, uint32_t depth, int64_t value)
{
    (void)pf_profile_add(profile, pf_profile_stack(profile, stack, depth), PF_NONE, &value);
}

static const struct pf_live_row *row(const struct pf_live_view *view, const char *function)
{
    for (uint32_t i = 0; i < view->count; i++)
        if (strcmp(view->rows[i].function, function) == 0)
            return &view->rows[i];
    cr_assert_fail("no row %s", function);
    return NULL;
}

static struct pf_live_view look(struct pf_live *live, const struct pf_profile *profile)
{
    struct pf_live_view view = {0};
    struct pf_err err;

    cr_assert(pf_live_look(live, profile, &view, &err), "%s", err.text);
    return view;
}

Test(live, each_look_tells_what_came_since_the_last)
{
    struct pf_profile profile;
    struct pf_live live = {0};
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    uint32_t serve[] = {location(&profile, "parse"), location(&profile, "main")};
    uint32_t idle[] = {location(&profile, "idle"), location(&profile, "main")};
    add(&profile, serve, 2, 10);

    struct pf_live_view first = look(&live, &profile);
    cr_expect_eq(first.value, 10);
    cr_expect_eq(row(&first, "parse")->self, 10);
    cr_expect_eq(row(&first, "main")->self, 0);
    cr_expect_eq(row(&first, "main")->total, 10);
    pf_live_view_fini(&first);

    add(&profile, serve, 2, 5);
    add(&profile, idle, 2, 3);
    struct pf_live_view second = look(&live, &profile);
    cr_expect_eq(second.value, 8);
    cr_expect_eq(second.all_value, 18);
    cr_expect_eq(row(&second, "parse")->self, 5);
    cr_expect_eq(row(&second, "parse")->all_self, 15);
    cr_expect_eq(row(&second, "idle")->self, 3);
    cr_expect_eq(row(&second, "main")->total, 8);
    pf_live_view_fini(&second);

    struct pf_live_view third = look(&live, &profile);
    cr_expect_eq(third.value, 0);
    cr_expect_eq(row(&third, "parse")->self, 0);
    pf_live_view_fini(&third);
    pf_live_fini(&live);
    pf_profile_fini(&profile);
}

Test(live, recursion_counts_once_for_the_total)
{
    struct pf_profile profile;
    struct pf_live live = {0};
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    uint32_t walk = location(&profile, "walk");
    uint32_t stack[] = {walk, walk, walk};
    add(&profile, stack, 3, 4);

    struct pf_live_view view = look(&live, &profile);

    cr_expect_eq(row(&view, "walk")->self, 4);
    cr_expect_eq(row(&view, "walk")->total, 4);
    pf_live_view_fini(&view);
    pf_live_fini(&live);
    pf_profile_fini(&profile);
}

Test(live, a_recording_without_samples_is_an_empty_view)
{
    struct pf_profile profile;
    struct pf_live live = {0};
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");

    struct pf_live_view view = look(&live, &profile);

    cr_expect_eq(view.count, 0);
    cr_expect_eq(view.value, 0);
    pf_live_view_fini(&view);
    pf_live_fini(&live);
    pf_profile_fini(&profile);
}
