/*
 * Code under test that calls its own functions, in ways that optimisers hide. Built in many ways.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trap_inside.h"

static int hidden(int value)
{
    return value + 1;
}

int trap_shown(int value)
{
    return hidden(value) * 2;
}

/* A tail call: a jump inside one section. */
int trap_tail(int value)
{
    return trap_shown(value);
}

int trap_twice(int value)
{
    return trap_shown(value) + trap_shown(value + 1);
}

/* Two calls that a compiler which has seen hidden would make one. */
int trap_same(int value)
{
    return hidden(value) + hidden(value);
}

static int by_pointer(int (*function)(int), int value)
{
    return function(value);
}

int trap_by_pointer(int value)
{
    return by_pointer(hidden, value);
}
