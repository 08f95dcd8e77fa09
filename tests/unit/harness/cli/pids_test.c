/* SPDX-License-Identifier: MIT */
#include "harness/cli/pids.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>

#include "harness/cli/opts.h"

static const struct hn_verb verb = {.name = "try"};
static struct hn_pids pids;

static int take(const char *text)
{
    char value[64];
    struct hn_opts opts = {.verb = &verb, .value = value};

    (void)snprintf(value, sizeof value, "%s", text);
    return hn_pids_take(&pids, &opts);
}

TestSuite(pids, .init = cr_redirect_stderr);

Test(pids, lists_add_up)
{
    cr_assert_eq(take("1,23"), 0);
    cr_assert_eq(take("4194304"), 0);

    cr_assert_eq(pids.count, 3);
    cr_assert_eq(pids.at[1], 23);
    cr_assert_eq(pids.at[2], 4194304);
}

Test(pids, what_is_no_list_of_ids_is_refused)
{
    static const char *const wrong[] = {"", "x", "0", "-1", "1,,2", "1;2", "9999999999", "1 2"};

    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(take(wrong[i]), 2, "'%s'", wrong[i]);
}

Test(pids, no_more_than_fit_are_taken)
{
    for (int i = 0; i < HN_PIDS_MAX; i++)
        cr_assert_eq(take("7"), 0);

    cr_assert_eq(take("7"), 2);
    cr_assert_eq(pids.count, HN_PIDS_MAX);
}
