/*
 * What a wrapper costs, beside the same function not wrapped, in one run: idle (no rule in the
 * test), with a rule for other arguments, with a rule that matches, with a spy.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_leaf.h"

enum { ROUNDS = 21, IDLE_CALLS = 2000000, RULED_CALLS = 2000 };

typedef long (*calls)(long count);
typedef void (*prepare)(void);

static double ns_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void nothing(void)
{
}

static void add_other_rule(void)
{
    mock_leaf_wrapped(.fd = IS(-5), .optional = true);
}

static void add_mock(void)
{
    mock_leaf_wrapped(.len = IS(64), .ret = 1);
}

static void add_spy(void)
{
    spy_leaf_wrapped();
}

/* Median nanoseconds a call, each round a test of its own. */
static double measure(const char *what, calls run, prepare before, long count, double bare)
{
    double ns[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        assay_mock_begin(NULL);
        before();
        double start = ns_now();
        volatile long sum = run(count);
        ns[i] = (ns_now() - start) / (double)count;
        (void)sum;
        assay_mock_end();
    }
    qsort(ns, ROUNDS, sizeof *ns, by_size);
    double median = ns[ROUNDS / 2];
    printf("%-34s %8.2f ns a call  [%.2f .. %.2f]  %+8.2f ns over the bare call\n", what, median,
           ns[1], ns[ROUNDS - 2], bare > 0 ? median - bare : 0.0);
    return median;
}

int main(void)
{
    double bare = measure("bare call (the peer)", call_bare, nothing, IDLE_CALLS, 0);

    (void)measure("wrapped, no rule", call_wrapped, nothing, IDLE_CALLS, bare);
    (void)measure("wrapped, a rule for others", call_wrapped, add_other_rule, RULED_CALLS, bare);
    (void)measure("wrapped, the rule matches (mock)", call_wrapped, add_mock, RULED_CALLS, bare);
    (void)measure("wrapped, called through (spy)", call_wrapped, add_spy, RULED_CALLS, bare);
    return 0;
}
