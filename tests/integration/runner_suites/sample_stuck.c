/*
 * Tests whose lane, the process that starts them and tells their end, tells nothing any more.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    while (strcmp(stats->test->name, "hook_hangs") == 0)
        pause();
}

TestSuite(stuck, .timeout = 0.3);

Test(stuck, a_before)
{
    cr_assert(1);
}

Test(stuck, hook_hangs)
{
    cr_assert(1);
}

Test(stuck, lane_stopped)
{
    kill(getppid(), SIGSTOP);
    pause();
}

Test(stuck, z_after)
{
    cr_assert(1);
}
