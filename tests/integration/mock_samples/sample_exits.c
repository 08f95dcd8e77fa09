/*
 * EXPECT_EXIT with children, codes of more than 8 bits, functions of one's own. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample_ends.h"

/* The child's _exit is its own; were it trapped, the test would go on in two processes. */
Test(exits, a_worker_ends_by_itself)
{
    pid_t test = getpid();

    EXPECT_EXIT(3)
    {
        ends_after_worker(3);
    }
    cr_assert_eq(getpid(), test);
    cr_assert_eq(fork_calls(), 1);
    cr_assert_eq(_exit_calls(), 0);
}

static void watch(void)
{
    spy_fork(.optional = true);
    spy__exit(.optional = true);
}

TestSuite(exits, .init = watch);

Test(exits, a_daemon_goes_on_in_its_parent_only)
{
    pid_t test = getpid();
    int status = -1;

    EXPECT_EXIT(0)
    {
        ends_as_daemon();
    }
    cr_assert_eq(getpid(), test);
    cr_assert_eq(waitpid(fork_call(0)->ret, &status, 0), fork_call(0)->ret);
    cr_assert_eq(status, 0);
}

Test(exits, codes_are_what_a_parent_sees)
{
    EXPECT_EXIT(255)
    {
        ends_with(-1);
    }
    EXPECT_EXIT(0)
    {
        ends_with(256);
    }
    EXPECT_EXIT(-1)
    {
        ends_with(255);
    }
}

Test(exits, a_function_of_ones_own_runs_to_its_exit)
{
    EXPECT_EXIT(9)
    {
        ends_fatally("it ran");
    }
    EXPECT_EXIT(7)
    {
        ends_quickly(7);
    }
    EXPECT_EXIT(8)
    {
        ends_giving_up("it ran");
    }
}

Test(exits, a_faked_one_ends_the_block_itself)
{
    expect_die(.why = STR("no such file"));
    expect_quit(.code = IS(4));
    expect_give_up(.format = STR("%s: %d tries\n"));
    EXPECT_EXIT(9)
    {
        ends_fatally("no such file");
    }
    EXPECT_EXIT(4)
    {
        ends_quickly(4);
    }
    EXPECT_EXIT(8)
    {
        ends_giving_up("nobody");
    }
}

Test(exits, blocks_lie_in_one_another)
{
    EXPECT_EXIT(1)
    {
        EXPECT_EXIT(2)
        {
            ends_with(2);
        }
        ends_with(1);
    }
}

static void die_with_its_own_words(const char *why)
{
    (void)why;
    ends_fatally("this one is real");
}

/* What a .call was doing is over once its block ended. */
Test(exits, a_fake_that_ends_the_block_is_still_in_force)
{
    mock_die(.call = die_with_its_own_words);
    EXPECT_EXIT(9)
    {
        ends_fatally("first");
    }
    EXPECT_EXIT(9)
    {
        ends_fatally("second");
    }
    cr_assert_eq(die_calls(), 2);
}
