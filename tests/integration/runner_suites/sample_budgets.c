/*
 * Budgets kept and broken, and snapshots.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>
#include <stdlib.h>

static int sum_to(int last)
{
    volatile int sum = 0;

    for (int i = 0; i < last; i++)
        sum += i;
    return sum;
}

Test(budgets, instructions_kept)
{
    assay_instructions_at_most(2000)
    {
        sum_to(100);
    }
}

Test(budgets, instructions_broken)
{
    assay_instructions_at_most(2000)
    {
        sum_to(10000);
    }
}

Test(budgets, nothing_costs_nothing)
{
    assay_instructions_at_most(0)
    {
    }
}

Test(budgets, allocations_kept)
{
    assay_allocs_at_most(1)
    {
        free(malloc(10));
    }
}

Test(budgets, allocations_broken)
{
    assay_allocs_at_most(1)
    {
        free(malloc(10));
        free(calloc(1, 10));
    }
}

Test(snapshots, json)
{
    const char *body = getenv("SNAPSHOT_BODY");

    assay_snapshot(body ? body : "{\"b\": 2, \"a\": [{\"id\": 17}]}", "/a/*/id");
}

Test(snapshots, text)
{
    assay_snapshot("one\ntwo 2026-11-22\nthree\n", "[0-9]{4}-[0-9]{2}-[0-9]{2}");
}
