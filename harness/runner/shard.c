/* SPDX-License-Identifier: MIT */
#include "harness/runner/shard.h"

#include <stdlib.h>
#include <string.h>

struct piece {
    const char *id;
    double seconds;
    uint32_t test;
    uint32_t position; /* in the order, to be restored */
};

static int longest_first(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    if (a->seconds != b->seconds)
        return a->seconds > b->seconds ? -1 : 1;
    return strcmp(a->id, b->id);
}

static int by_position(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

static double mean_duration(const struct hn_plan *plan)
{
    double sum = 0;
    unsigned known = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        double seconds = plan->tests[plan->order[i]].last_duration_s;
        if (seconds >= 0) {
            sum += seconds;
            known++;
        }
    }
    return known && sum > 0 ? sum / known : 0.001;
}

static unsigned lightest(const double *loads, unsigned count)
{
    unsigned best = 0;

    for (unsigned i = 1; i < count; i++)
        if (loads[i] < loads[best])
            best = i;
    return best;
}

void hn_shard(struct hn_plan *plan, unsigned shard, unsigned count)
{
    double mean = mean_duration(plan);
    struct piece *pieces = pf_mem_new(plan->order_count + 1, sizeof *pieces);
    uint32_t *mine = pf_mem_new(plan->order_count + 1, sizeof *mine);
    double *loads = pf_mem_new(count, sizeof *loads);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        double seconds = test->last_duration_s >= 0 ? test->last_duration_s : mean;
        pieces[i] = (struct piece){test->id, seconds, plan->order[i], i};
    }
    qsort(pieces, plan->order_count, sizeof *pieces, longest_first);
    for (uint32_t i = 0; i < plan->order_count; i++) {
        unsigned to = lightest(loads, count);
        loads[to] += pieces[i].seconds + 1e-6; /* so that many empty tests spread, too */
        if (to == shard - 1)
            mine[kept++] = pieces[i].position;
    }
    qsort(mine, kept, sizeof *mine, by_position);
    for (uint32_t i = 0; i < kept; i++)
        plan->order[i] = plan->order[mine[i]];
    plan->order_count = kept;
    free(pieces);
    free(mine);
    free(loads);
}
