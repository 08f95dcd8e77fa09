/* SPDX-License-Identifier: MIT */
#include "harness/runner/shard.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/hash.h"

struct piece {
    const char *id;
    double seconds;
    uint32_t position; /* in the order */
};

static uint64_t hash_id(const char *id)
{
    return pf_hash_bytes(id, strlen(id));
}

static int longest_first(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    if (a->seconds != b->seconds)
        return a->seconds > b->seconds ? -1 : 1;
    return strcmp(a->id, b->id);
}

static double mean_duration(const struct hn_plan *plan)
{
    double sum = 0;
    unsigned known = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        double seconds = plan->tests[plan->order[i]].balance_s;
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

/* shards: of each place in the order, from 0. */
static void divide_by_durations(const struct hn_plan *plan, unsigned count, uint32_t *shards)
{
    double mean = mean_duration(plan);
    struct piece *pieces = pf_mem_new(plan->order_count + 1, sizeof *pieces);
    double *loads = pf_mem_new(count, sizeof *loads);

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        pieces[i] = (struct piece){test->id, test->balance_s >= 0 ? test->balance_s : mean, i};
    }
    qsort(pieces, plan->order_count, sizeof *pieces, longest_first);
    for (uint32_t i = 0; i < plan->order_count; i++) {
        unsigned to = lightest(loads, count);
        loads[to] += pieces[i].seconds + 1e-6; /* so that many empty tests spread, too */
        shards[pieces[i].position] = to;
    }
    free(pieces);
    free(loads);
}

static void divide_by_ids(const struct hn_plan *plan, unsigned count, uint32_t *shards)
{
    for (uint32_t i = 0; i < plan->order_count; i++)
        shards[i] = (uint32_t)(hash_id(plan->tests[plan->order[i]].id) % count);
}

uint32_t hn_shard(struct hn_plan *plan, unsigned shard, unsigned count, bool balance)
{
    uint32_t *shards = pf_mem_new(plan->order_count + 1, sizeof *shards);
    uint64_t sum = pf_hash_u64(count); /* the same whatever the order */
    uint32_t kept = 0;

    if (balance)
        divide_by_durations(plan, count, shards);
    else
        divide_by_ids(plan, count, shards);
    for (uint32_t i = 0; i < plan->order_count; i++) {
        sum += pf_hash_u64(hash_id(plan->tests[plan->order[i]].id) + shards[i]);
        if (shards[i] == shard - 1)
            plan->order[kept++] = plan->order[i];
    }
    plan->order_count = kept;
    free(shards);
    return (uint32_t)(sum ^ sum >> 32);
}
