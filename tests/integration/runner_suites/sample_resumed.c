/*
 * One case of a parameterized test takes Criterion's own runner down; those after it must still
 * run.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <unistd.h>

ParameterizedTestParameters(resumed, cases)
{
    static int numbers[] = {0, 1, 2, 3};

    return cr_make_param_array(int, numbers, sizeof numbers / sizeof numbers[0]);
}

ParameterizedTest(int *number, resumed, cases)
{
    if (*number == 1)
        kill(getppid(), SIGKILL);
    cr_assert_neq(*number, 2);
}

Test(resumed, later)
{
    cr_assert(1);
}
