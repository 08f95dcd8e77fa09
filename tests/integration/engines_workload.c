/*
 * Four parts of the work in one function, one in another, and nothing else; "wait" as second
 * argument: until a signal ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

static volatile unsigned long work;

__attribute__((noinline)) static void four_parts(void)
{
    for (unsigned i = 0; i < 400000; i++)
        work += i;
}

__attribute__((noinline)) static void one_part(void)
{
    for (unsigned i = 0; i < 100000; i++)
        work += i;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

    for (unsigned long i = 0; i < rounds; i++) {
        four_parts();
        one_part();
    }
    return 7;
}
