/*
 * Tests that do something else when they are tried again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(second, prints_then_passes)
{
    if (!getenv("ASSAY_ATTEMPT")) {
        printf("words of the first attempt\n");
        cr_assert(0, "at first");
    }
    cr_assert(1);
}

Test(second, fails_then_skips)
{
    if (getenv("ASSAY_ATTEMPT"))
        cr_skip("not again");
    cr_assert(0, "the failure that counts");
}
