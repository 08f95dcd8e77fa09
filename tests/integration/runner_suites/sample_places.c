/*
 * Leaves a file where it runs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

Test(places, writes_here)
{
    FILE *file = fopen("left-by-a-test", "w");

    cr_assert_not_null(file);
    fclose(file);
}

Test(places, finds_nothing)
{
    cr_assert_neq(access("left-by-a-test", F_OK), 0);
}
