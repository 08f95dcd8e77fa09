/*
 * Defects that only a tool sees, and tests without any.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

static void *volatile kept;

Test(tools, clean)
{
    free(malloc(10));
    cr_assert(1);
}

Test(tools, leak)
{
    kept = malloc(123);
    kept = NULL;
    cr_assert(1);
}

Test(tools, use_after_free)
{
    char *volatile block = malloc(8);

    free(block);
    block[0] = 1;
    cr_assert(1);
}

static int shared;

static void *add(void *unused)
{
    for (int i = 0; i < 100; i++)
        shared++;
    return unused;
}

Test(tools, race)
{
    pthread_t a, b;

    pthread_create(&a, NULL, add, NULL);
    pthread_create(&b, NULL, add, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    cr_assert(1);
}
