/*
 * Tests that say more, or other things, than a report likes to hold.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

Test(noisy, prints_much)
{
    for (int i = 1; i <= 1000; i++)
        printf("line %d\n", i);
    cr_assert(0);
}

Test(noisy, prints_zeros)
{
    (void)fwrite("before\0after", 1, 12, stdout);
    cr_assert(0);
}

Test(noisy, spins, .timeout = 0.3)
{
    for (volatile int i = 0;; i++)
        ;
}
