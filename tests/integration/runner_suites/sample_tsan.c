/* A data race, and a test without one. SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>

static int shared;

static void *add(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        shared++;
    return NULL;
}

Test(tsan, race)
{
    pthread_t a, b;

    pthread_create(&a, NULL, add, NULL);
    pthread_create(&b, NULL, add, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    cr_assert(1);
}

Test(tsan, clean)
{
    cr_assert(1);
}
