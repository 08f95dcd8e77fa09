/* SPDX-License-Identifier: MIT */
#include "bench_leaf.h"

static char buf[64];

long call_bare(long count)
{
    long sum = 0;

    for (long i = 0; i < count; i++)
        sum += leaf_bare((int)i, buf, sizeof buf);
    return sum;
}

long call_wrapped(long count)
{
    long sum = 0;

    for (long i = 0; i < count; i++)
        sum += leaf_wrapped((int)i, buf, sizeof buf);
    return sum;
}
