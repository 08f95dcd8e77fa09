/*
 * What AddressSanitizer, LeakSanitizer and UBSan find, and what they do not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

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

static void redirect(void)
{
    cr_redirect_stderr();
}

Test(asan, leak_with_stderr_redirected, .init = redirect)
{
    kept = malloc(123);
    kept = NULL;
    cr_assert(1);
}

Test(asan, leak_with_stderr_closed)
{
    close(STDERR_FILENO);
    kept = malloc(123);
    kept = NULL;
    cr_assert(1);
}

Test(asan, aborts)
{
    abort();
}

Test(asan, dies_as_declared, .signal = SIGSEGV)
{
    raise(SIGSEGV);
}

Test(asan, overflow_of_int)
{
    volatile int big = INT_MAX;

    big = big + 1;
    cr_assert(1);
}
