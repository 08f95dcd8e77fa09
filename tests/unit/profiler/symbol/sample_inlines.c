/*
 * A program whose hot instruction stands inside two inlined functions; the tests look up the
 * address its label leaves in the symbol table.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define MARK(name) __asm__ volatile(".globl " #name "\n.type " #name ", @object\n" #name ":\n nop")

static volatile uint64_t sink;

static inline __attribute__((always_inline)) void innermost(uint64_t value)
{
    sink += value;
    MARK(sample_mark); /* INNERMOST */
    sink ^= value;
}

static inline __attribute__((always_inline)) void middle(uint64_t value)
{
    for (uint64_t i = 0; i < value; i++)
        innermost(i); /* MIDDLE */
}

__attribute__((noinline)) void sample_outer(uint64_t value);
void sample_outer(uint64_t value)
{
    sink = value;
    middle(value + 1); /* OUTER */
    sink++;
}

__attribute__((noinline)) static void local_function(uint64_t value)
{
    sink -= value;
    MARK(sample_local_mark);
    sink ^= value;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        (void)pause(); /* to be looked at while it lives */
    sample_outer((uint64_t)argc);
    local_function(7);
    (void)printf("%llu\n", (unsigned long long)sink);
    return 0;
}
