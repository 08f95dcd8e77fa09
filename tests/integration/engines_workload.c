/*
 * Four parts of the work in one function, one in another, and nothing else; "wait" as second
 * argument: until a signal ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

static volatile unsigned long work;

__attribute__((noinline)) static void four_parts(unsigned part)
{
    for (unsigned i = 0; i < 4 * part; i++)
        work += i;
}

__attribute__((noinline)) static void one_part(unsigned part)
{
    for (unsigned i = 0; i < part; i++)
        work += i;
}

/* 50 000 to 150 000, the same in every run: rounds of one length keep in step with a profiler's
 * ticks, and its samples all fall on one place. */
static unsigned part_of(unsigned long round)
{
    return 50000 + (unsigned)(round * 2654435761u % 4294967296u >> 8) % 100001;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

    for (unsigned long i = 0; i < rounds; i++) {
        four_parts(part_of(i));
        one_part(part_of(i));
    }
    return 7;
}
