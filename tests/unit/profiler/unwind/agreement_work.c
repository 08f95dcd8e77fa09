/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/unwind/agreement_work.h"

#include <alloca.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

void (*ts_work_probe)(void);

NOINLINE int ts_work_call_library(int seed)
{
    char text[64];
    int size = snprintf(text, sizeof text, "%d %g %s", seed, seed / 3.0, "text");

    return size + (int)strtol(text, NULL, 10) + (int)strtod("1.25e3", NULL);
}

NOINLINE int ts_work_ask_clock(int seed)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return seed + (int)time(NULL) + (int)(now.tv_nsec & 7);
}

static NOINLINE int sum(const volatile char *at, int count)
{
    int total = 0;

    for (int i = 0; i < count; i++)
        total += at[i];
    ts_work_probe();
    return total;
}

NOINLINE int ts_work_grow_stack(int seed)
{
    int total = 0;

    for (int i = 1; i < 4; i++) {
        volatile char *more = alloca((size_t)(seed + i * 24));
        more[0] = (char)i;
        total += sum(more, 1);
    }
    return total + seed;
}

NOINLINE int ts_work_realign_stack(int seed)
{
    _Alignas(64) volatile char wide[64];
    volatile char *more = alloca((size_t)seed + 16);

    wide[0] = (char)seed;
    more[0] = wide[0];
    return sum(more, 1) + sum(wide, 1) + seed;
}

NOINLINE int ts_work_recurse(int depth)
{
    if (depth == 0) {
        ts_work_probe();
        return 1;
    }
    volatile int kept = depth; /* or the compiler makes a loop of it */
    int result = ts_work_recurse(depth - 1);
    return result + kept;
}

static NOINLINE int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

NOINLINE int ts_work_sort(int seed)
{
    int values[] = {seed, 5, 1, seed / 2, 9, -3};

    qsort(values, sizeof values / sizeof *values, sizeof *values, compare);
    return values[0];
}

static jmp_buf escape;

static NOINLINE __attribute__((noreturn)) void leave(void)
{
    ts_work_probe();
    longjmp(escape, 1);
}

/* Its last instruction is the call. */
static NOINLINE __attribute__((noreturn)) void give_up(int seed)
{
    volatile int kept[4];

    kept[0] = seed;
    (void)kept;
    leave();
}

NOINLINE int ts_work_end_in_noreturn(int seed)
{
    if (setjmp(escape) == 0)
        give_up(seed);
    return seed + 1;
}

NOINLINE int ts_work_use_vectors(int seed)
{
    char from[300];
    char to[300];

    memset(from, 'a' + seed % 20, sizeof from);
    from[299] = '\0';
    memcpy(to, from, sizeof to);
    memmove(to + 3, to, 200);
    return (int)strlen(to) + strcmp(from, to) + (strchr(to, 'z') != NULL) + memcmp(from, to, 250);
}
