/*
 * Comparisons of equal numbers by Criterion's new interface.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(equal, not_less_or_equal)
{
    cr_assert(not(le(int, 5, 5)));
}

Test(equal, less)
{
    cr_assert(lt(int, 5, 5));
}

Test(equal, greater_or_equal)
{
    cr_assert(ge(int, 5, 5));
}
#ifdef USES_GT
Test(equal, greater)
{
    cr_assert(gt(int, 5, 5));
}
#endif
