/*
 * What the run, not the test, says about a test's surroundings.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(around, memory_is_limited)
{
    cr_assert_null(malloc(256u << 20));
}

Test(around, network_is_its_own)
{
    const char *outer = getenv("OUTER_NETWORK");
    char own[64] = "";

    cr_assert_gt(readlink("/proc/self/ns/net", own, sizeof own - 1), 0);
    cr_assert(outer && strcmp(own, outer) != 0);
}

Test(around, crashes)
{
    abort();
}

ParameterizedTestParameters(around, without_parameters)
{
    return cr_make_param_array(int, NULL, 0);
}

ParameterizedTest(int *value, around, without_parameters)
{
    cr_assert(*value);
}
