/*
 * What AddressSanitizer, LeakSanitizer and UBSan find, and what they do not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

static void *volatile kept;

Test(asan, clean)
{
    free(malloc(10));
    cr_assert(1);
}

Test(asan, leak)
{
    kept = malloc(123);
    kept = NULL;
    cr_assert(1);
}

Test(asan, use_after_free)
{
    char *volatile block = malloc(8);

    free(block);
    block[0] = 1;
    cr_assert(1);
}

Test(asan, overflow_of_int)
{
    volatile int big = INT_MAX;

    big = big + 1;
    cr_assert(1);
}
