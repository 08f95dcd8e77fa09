/*
 * Tests that use the CPU, each in a function of its own, and one that does not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

__attribute__((noinline)) static void burn_in_child(void)
{
    while (cpu_seconds() < 0.2)
        spin();
    sink++;
}

__attribute__((noinline)) static void burn_in_orphan(void)
{
    while (cpu_seconds() < 0.2)
        spin();
    sink++;
}

/* A process of its own, and one that its parent leaves. */
Test(busy, children)
{
    int line[2];
    char byte;
    cr_assert_eq(pipe(line), 0);
    pid_t child = fork();

    if (child == 0) {
        if (fork() == 0) {
            burn_in_orphan();
            _exit(0);
        }
        burn_in_child();
        _exit(0);
    }
    close(line[1]);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    (void)!read(line[0], &byte, 1); /* end of file: all have ended */
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
