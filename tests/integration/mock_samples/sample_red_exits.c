/*
 * Red twins of the exits: each must fail, with the reason that stands above it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>

#include "sample_ends.h"

/* EXPECT_EXIT(3): exit was called in another thread than the block's */
Test(red, exit_in_another_thread)
{
    EXPECT_EXIT(3)
    {
        ends_in_thread(3);
    }
}

static void leave_early(void)
{
    EXPECT_EXIT(3)
    {
        return;
    }
}

/* EXPECT_EXIT(3): the body did not end the process; and the next block is its own */
Test(red, block_left_by_return)
{
    leave_early();
    EXPECT_EXIT(4)
    {
        ends_with(4);
    }
}

/* EXPECT_EXIT(5): the body did not end the process */
Test(red, block_left_by_break)
{
    EXPECT_EXIT(5)
    {
        break;
    }
}

/* exit does not return: told where forbid stands */
Test(red, exit_that_was_forbidden)
{
    forbid(exit);
    ends_with(4);
}
