/*
 * What a backtrace costs: ours against libunwind's, in one process, on the same stacks.
 *
 * A hundred distinct functions of optimised code without frame pointers. Each figure is the median
 * of rounds in which all ways take turns; the last column is the ratio to unw_backtrace with its
 * cache warm.
 *
 * SPDX-License-Identifier: MIT
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/unwind/chain.h"
#include "profiler/unwind/unwind_cache.h"
#include "profiler/unwind/unwind_cache_priv.h"
#include "tests/unit/profiler/unwind/self_map.h"

enum { ROUNDS = 9, FRAMES_MAX = 256, WAYS_MAX = 8 };

static struct ts_self_map self;
static _Alignas(64) uint8_t cache_block[PF_UNWIND_CACHE_BYTES];

struct bench {
    double ns[WAYS_MAX][ROUNDS];
    unsigned frames[WAYS_MAX];
    int round;
};

/* CPU time: a busy machine delays us, it does not make us slower. */
static double now_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static __attribute__((noinline)) unsigned ours_cached(const struct pf_memory *stack)
{
    uint64_t pcs[FRAMES_MAX];
    struct pf_trail trail = {.pcs = pcs, .capacity = FRAMES_MAX};
    struct pf_code_map map = ts_self_map_view(&self);
    struct pf_regs regs;

    ts_self_regs(&regs);
    (void)pf_unwind_stack_cached(&trail, &regs, &map, stack, pf_unwind_cache_view(cache_block));
    return trail.is_rooted ? trail.count : 0;
}

static __attribute__((noinline)) unsigned ours_rules(const struct pf_memory *stack)
{
    struct pf_unwind_cache *cache = pf_unwind_cache_view(cache_block);

    cache->past_first = cache->past_end;
    return ours_cached(stack);
}

static __attribute__((noinline)) unsigned ours_rows(const struct pf_memory *stack)
{
    uint64_t pcs[FRAMES_MAX];
    struct pf_trail trail = {.pcs = pcs, .capacity = FRAMES_MAX};
    struct pf_code_map map = ts_self_map_view(&self);
    struct pf_regs regs;

    ts_self_regs(&regs);
    pf_unwind_stack(&trail, &regs, &map, stack);
    return trail.is_rooted ? trail.count : 0;
}

static __attribute__((noinline)) unsigned theirs_backtrace(const struct pf_memory *stack)
{
    void *pcs[FRAMES_MAX];

    (void)stack;
    return (unsigned)unw_backtrace(pcs, FRAMES_MAX);
}

static __attribute__((noinline)) unsigned theirs_step(const struct pf_memory *stack)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unsigned count = 0;

    (void)stack;
    (void)unw_getcontext(&context);
    (void)unw_init_local(&cursor, &context);
    do
        count++;
    while (unw_step(&cursor) > 0);
    return count;
}

static const struct {
    const char *name;
    unsigned (*run)(const struct pf_memory *stack);
    int times;
} ways[] = {
    {"unw_backtrace, warm", theirs_backtrace, 20000},
    {"assay, stack seen before", ours_cached, 20000},
    {"assay, rules seen before", ours_rules, 20000},
    {"assay, rows only", ours_rows, 5000},
    {"unw_step", theirs_step, 200},
};
enum { WAYS = sizeof ways / sizeof *ways, WAYS_VARYING = 3 };

static void measure(void *data)
{
    struct bench *bench = data;
    struct pf_memory stack = ts_self_stack(__builtin_frame_address(0));
    /* The frames between here and the walk are below this function's. */
    stack.low -= 64 * 1024UL;
    stack.bytes = (const void *)stack.low;

    for (int way = 0; way < WAYS; way++) {
        for (int i = 0; i < ways[way].times / 10; i++)
            (void)ways[way].run(&stack);
        double start = now_ns();
        for (int i = 0; i < ways[way].times; i++)
            bench->frames[way] = ways[way].run(&stack);
        bench->ns[way][bench->round] = (now_ns() - start) / ways[way].times;
    }
}

/* An allocator's view: the outer frames stay, the inner four differ from walk to walk. */
struct varying {
    struct pf_memory stack;
    int way;
    unsigned frames;
};

static void walk_once(void *data)
{
    struct varying *varying = data;

    varying->frames = ways[varying->way].run(&varying->stack);
}

static void measure_varying(void *data)
{
    enum { WALKS = 20000, INNER = 4 };
    struct bench *bench = data;
    struct varying varying = {.stack = ts_self_stack(__builtin_frame_address(0))};
    varying.stack.low -= 64 * 1024UL;
    varying.stack.bytes = (const void *)varying.stack.low;

    for (varying.way = 0; varying.way < WAYS_VARYING; varying.way++) {
        for (int i = 0; i < WALKS / 10; i++)
            (void)bn_chain_run(INNER, i * 5 % 16, walk_once, &varying);
        double start = now_ns();
        for (int i = 0; i < WALKS; i++)
            (void)bn_chain_run(INNER, i * 5 % 16, walk_once, &varying);
        bench->ns[varying.way][bench->round] = (now_ns() - start) / WALKS;
        bench->frames[varying.way] = varying.frames;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void report(struct bench *bench, const char *what, int way_count)
{
    double base = 0;

    (void)printf("%s\n  %-28s %8s %8s %20s %7s %7s\n", what, "", "frames", "ns", "[min - max]",
                 "ns/frame", "ratio");
    for (int way = 0; way < way_count; way++) {
        double *ns = bench->ns[way];
        qsort(ns, ROUNDS, sizeof *ns, by_value);
        double median = ns[ROUNDS / 2];
        base = way == 0 ? median / bench->frames[way] : base;
        (void)printf("  %-28s %8u %8.0f [%8.0f - %8.0f] %7.2f %7.2f\n", ways[way].name,
                     bench->frames[way], median, ns[0], ns[ROUNDS - 1], median / bench->frames[way],
                     median / bench->frames[way] / base);
    }
}

int main(void)
{
    static const int depths[] = {10, 30, 100};
    char what[64];

    ts_self_map_build(&self);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        struct bench bench = {0};
        for (; bench.round < ROUNDS; bench.round++)
            (void)bn_chain_run(depths[i], 0, measure, &bench);
        (void)snprintf(what, sizeof what, "depth %d, the same stack again and again", depths[i]);
        report(&bench, what, WAYS);
    }
    struct bench bench = {0};
    for (; bench.round < ROUNDS; bench.round++)
        (void)bn_chain_run(8, 0, measure_varying, &bench);
    report(&bench, "16 stacks in turn, which differ in their inner frames (calls included)",
           WAYS_VARYING);
    return 0;
}
