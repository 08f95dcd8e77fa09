/*
 * Tests that use the CPU, each in a function of its own, and one that does not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <time.h>

static volatile unsigned long sink;

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

__attribute__((noinline)) static void spin(void)
{
    for (int i = 0; i < 100000; i++)
        sink += (unsigned long)i;
}

__attribute__((noinline)) static void burn_here(void)
{
    while (cpu_seconds() < 0.2)
        spin();
    sink++;
}

__attribute__((noinline)) static void burn_there(void)
{
    while (cpu_seconds() < 0.2)
        spin();
    sink++;
}

Test(busy, here)
{
    burn_here();
    cr_assert(1);
}

Test(busy, there_and_fails)
{
    burn_there();
    cr_assert(0);
}

Test(busy, idle)
{
    cr_assert(1);
}
