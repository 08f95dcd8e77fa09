/* Lines reached by a passing, a crashing and a late test, and one by nobody.
 * SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

/* A function on one line is one line to be covered. */
/* clang-format off */

static int add_one(int number)
{
    return number + 1;
}

static void crash_after(int *address)
{
    int reached = add_one(0);
    *address = reached;
}

static void spin_on(volatile int *flag)
{
    int reached = add_one(1);
    while (*flag)
        reached++;
}

int nobody_calls(void);

int nobody_calls(void) { return 3; }

Test(covered, passes) { cr_assert_eq(add_one(1), 2); }

Test(covered, crashes) { crash_after((int *)8); }

Test(covered, late, .timeout = 0.4) { spin_on(&(volatile int){1}); }
