/*
 * Red twin of the exits, where only a function that does not tell its code is wrapped.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>

#include "sample_ends.h"

/* EXPECT_EXIT(9): it ended by die, which does not say its code */
Test(red, end_without_a_code)
{
    EXPECT_EXIT(9)
    {
        ends_fatally("no");
    }
}

/* EXPECT_EXIT(9): it ended with 8 */
Test(red, end_with_another_code)
{
    EXPECT_EXIT(9)
    {
        ends_quickly(8);
    }
}
