/*
 * A server's allocation pattern without the server: mallocs, frees and reallocs from about two
 * thousand distinct stacks of 8 to 29 frames. Prints the CPU nanoseconds of one operation, calls
 * included.
 * usage: bench_agent_work OPERATIONS THREADS LIVE_BLOCKS MAX_SIZE
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAYS = 8, LIVE_MAX = 1 << 20 };

struct worker {
    uint64_t random;
    uint64_t operations;
    uint32_t live_count;
    uint32_t max_size;
    void **live;
    uint64_t cpu_ns;
};

static uint64_t next(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

static size_t size_of(struct worker *worker)
{
    size_t small = 16 + next(worker) % 112;
    /* Most are small, a few are large. */
    return next(worker) % 64 == 0 && worker->max_size > 128 ? next(worker) % worker->max_size
                                                            : small;
}

static void operate(struct worker *worker)
{
    void **slot = &worker->live[next(worker) % worker->live_count];

    if (!*slot) {
        *slot = malloc(size_of(worker));
    } else if (next(worker) % 14 == 0) {
        void *moved = realloc(*slot, size_of(worker) + 1);
        *slot = moved ? moved : *slot;
    } else {
        free(*slot);
        *slot = NULL;
    }
    if (*slot)
        *(volatile char *)*slot = 1;
}

static void down(struct worker *worker, unsigned depth, uint32_t path);

/* Distinct callers: each path through them is a stack of its own. */
#define WAY(n)                                                                                     \
    __attribute__((noinline)) static void way_##n(struct worker *worker, unsigned depth,           \
                                                  uint32_t path)                                   \
    {                                                                                              \
        volatile char room[16 + 24 * (n)];                                                         \
        room[0] = (char)depth;                                                                     \
        down(worker, depth, path);                                                                 \
        __asm__ volatile("" ::"r"(&room) : "memory");                                              \
    }
WAY(0)
WAY(1)
WAY(2)
WAY(3)
WAY(4)
WAY(5)
WAY(6)
WAY(7)

__attribute__((noinline)) static void down(struct worker *worker, unsigned depth, uint32_t path)
{
    static void (*const ways[WAYS])(struct worker *, unsigned, uint32_t) = {
        way_0, way_1, way_2, way_3, way_4, way_5, way_6, way_7};

    if (depth == 0)
        operate(worker);
    else
        ways[path % WAYS](worker, depth - 1, path / WAYS);
    __asm__ volatile("" ::: "memory");
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *work(void *at)
{
    struct worker *worker = at;

    for (uint64_t i = 0; i < worker->operations / 10; i++)
        operate(worker); /* fill the table first */
    uint64_t began = thread_cpu_ns();
    for (uint64_t i = 0; i < worker->operations; i++) {
        uint64_t choice = next(worker) % 488; /* times 4 depths: some 1950 stacks */
        down(worker, 2 + (unsigned)(choice % 4) * 3, (uint32_t)(choice * 2654435761u));
    }
    worker->cpu_ns = thread_cpu_ns() - began;
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint32_t live = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 10000;
    static struct worker workers[64];
    pthread_t ids[64];
    uint64_t cpu_ns = 0;

    if (threads == 0 || threads > 64 || live == 0 || live > LIVE_MAX)
        return 2;
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.random = 88172645463325252ull + i,
                                     .operations = operations / threads,
                                     .live_count = live / threads + 1,
                                     .max_size = argc > 4 ? (uint32_t)atoi(argv[4]) : 127};
        workers[i].live = calloc(workers[i].live_count, sizeof(void *));
        if (!workers[i].live || pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
            return 1;
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        cpu_ns += workers[i].cpu_ns;
    }
    (void)printf("ns_per_op %.1f\n", (double)cpu_ns / (double)operations);
    return 0;
}
