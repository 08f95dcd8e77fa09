/*
 * Tests that inherit blocks from their binary, lost and kept: none of it is a test's leak.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

static void *volatile kept;

__attribute__((noinline)) static void lose(size_t size)
{
    kept = malloc(size);
    kept = NULL;
}

/* Lost before any test began, by the binary itself: no test's. */
__attribute__((constructor)) static void lose_at_start(void)
{
    lose(300);
}

ParameterizedTestParameters(heirs, inherits)
{
    static int numbers[] = {1, 2};

    lose(301);
    return cr_make_param_array(int, numbers, 2);
}

ParameterizedTest(int *number, heirs, inherits)
{
    cr_assert(*number > 0);
}

/* A block of the binary's own that a test frees, and one that holds a block of the test. */
static void *volatile from_start;
static void **volatile holder;

__attribute__((constructor)) static void make_at_start(void)
{
    from_start = malloc(50);
    holder = calloc(1, 64);
}

Test(heirs, uses_what_was_there)
{
    free(from_start);
    *holder = malloc(80);
    cr_assert(1);
}
