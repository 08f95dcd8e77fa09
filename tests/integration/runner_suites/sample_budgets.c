/*
 * Budgets kept and broken, and snapshots.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

Test(budgets, within_budgets_each_is_judged)
{
    assay_instructions_at_most(30000)
    {
        sum_to(100);
        assay_instructions_at_most(2000)
        {
            sum_to(100);
        }
        assay_allocs_at_most(1)
        {
            free(malloc(10));
        }
        sum_to(100);
    }
}

Test(budgets, inner_broken)
{
    assay_instructions_at_most(1000000)
    {
        assay_instructions_at_most(2000)
        {
            sum_to(10000);
        }
    }
}

Test(budgets, outer_broken)
{
    assay_instructions_at_most(20000)
    {
        sum_to(10000);
        assay_instructions_at_most(2000)
        {
            sum_to(100);
        }
    }
}

Test(budgets, outer_allocations_broken)
{
    assay_allocs_at_most(2)
    {
        free(malloc(10));
        assay_allocs_at_most(2)
        {
            free(malloc(10));
            free(malloc(10));
        }
    }
}

static void in_child(void (*body)(void))
{
    pid_t child = fork();

    if (child == 0) {
        body();
        _exit(0);
    }
    cr_assert_eq(waitpid(child, NULL, 0), child);
}

static void break_instructions(void)
{
    assay_instructions_at_most(2000)
    {
        sum_to(10000);
    }
}

static void keep_instructions(void)
{
    assay_instructions_at_most(2000)
    {
        sum_to(100);
    }
}

static void break_allocations(void)
{
    assay_allocs_at_most(0)
    {
        free(malloc(10));
    }
}

Test(budgets, child_keeps_instructions)
{
    in_child(keep_instructions);
}

Test(budgets, child_breaks_instructions)
{
    in_child(break_instructions);
}

Test(budgets, child_breaks_allocations)
{
    in_child(break_allocations);
}

/* The block is the parent's; what the child does in it is not counted, nor its end. */
Test(budgets, child_within_a_block)
{
    assay_instructions_at_most(20000)
    {
        pid_t child = fork();
        if (child == 0) {
            sum_to(100000);
            _exit(0);
        }
        cr_assert_eq(waitpid(child, NULL, 0), child);
    }
    keep_instructions();
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
