/* SPDX-License-Identifier: MIT */
#include "profiler/profile/table_priv.h"

#include <criterion/criterion.h>

Test(table, items_follow_each_other)
{
    struct pf_table table = {0};
    uint32_t items[3] = {1, 2, 3};

    cr_assert_eq(pf_table_push(&table, sizeof *items, items, 3, 100), 0);
    cr_assert_eq(pf_table_push(&table, sizeof *items, items, 2, 100), 3);

    cr_assert_eq(table.count, 5);
    cr_assert_eq(((uint32_t *)table.items)[4], 2);
    pf_table_fini(&table);
}

Test(table, no_items_given_are_zeros)
{
    struct pf_table table = {0};

    (void)pf_table_push(&table, sizeof(uint32_t), NULL, 4, 100);

    cr_assert_eq(((uint32_t *)table.items)[3], 0);
    pf_table_fini(&table);
}

Test(table, beyond_the_maximum_nothing_is_added)
{
    struct pf_table table = {0};
    uint32_t items[4] = {0};

    cr_assert_eq(pf_table_push(&table, sizeof *items, items, 3, 5), 0);
    cr_assert_eq(pf_table_push(&table, sizeof *items, items, 3, 5), PF_NONE);
    cr_assert_eq(pf_table_push(&table, sizeof *items, items, UINT32_MAX, 5), PF_NONE);
    cr_assert_eq(pf_table_push(&table, sizeof *items, items, 2, 5), 3);
    cr_assert_eq(table.count, 5);
    cr_assert_leq(table.capacity, 5);
    pf_table_fini(&table);
}
