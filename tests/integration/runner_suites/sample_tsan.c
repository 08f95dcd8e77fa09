/* A data race, a test without one, and deadly signals. SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

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

Test(tsan, crashes)
{
    *(volatile int *)8 = 1;
}

Test(tsan, aborts)
{
    abort();
}

Test(tsan, dies_as_declared, .signal = SIGSEGV)
{
    raise(SIGSEGV);
}
