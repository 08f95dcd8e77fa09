/*
 * assay_instructions_at_most and assay_allocs_at_most: counted, judged, told.
 *
 * Instructions are counted by the processor for this thread, user mode only. Where it cannot, and
 * the test does not run under callgrind already, the runner is told to run it there. What the
 * counting itself costs is measured once and subtracted. Blocks may stand within blocks, in other
 * threads and in forked children: each thread has its own counter and its own open blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>
#include <dlfcn.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "harness/preload/preload.h"

enum {
    OPEN_MAX = 16,
    MACRO_INSTRUCTIONS = 100, /* of the macro around a block; 60 to 90 measured */
};

/* A block that was begun. */
struct open_block {
    const struct assay_budget_ *budget;
    uint64_t before;  /* what was counted when it began; under callgrind: dumps so far */
    unsigned changes; /* blocks begun or ended within it, each of which costs it something */
};

static _Thread_local struct {
    pid_t pid; /* of the process this was made in; another after fork */
    int counter_fd;
    uint64_t own_cost;
    unsigned depth;
    struct open_block open[OPEN_MAX];
} self = {.counter_fd = -1};

static uint64_t (*count_allocs)(void);
static bool are_allocs_counted;
static unsigned dumps; /* callgrind's files of this process */
static pid_t dumps_pid;

/* A forked child has its parent's counter, which counts the parent. */
static void know_process(void)
{
    pid_t pid = getpid();

    if (self.pid != pid) {
        if (self.counter_fd >= 0)
            (void)close(self.counter_fd);
        self.counter_fd = -1;
        self.depth = 0;
        self.pid = pid;
    }
    if (dumps_pid != pid) {
        dumps = 0; /* callgrind counts a child's files from 1 */
        dumps_pid = pid;
    }
}

static bool open_counter(void)
{
    struct perf_event_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.disabled = 1;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    self.counter_fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return self.counter_fd >= 0;
}

static void resume_counter(void)
{
    (void)ioctl(self.counter_fd, PERF_EVENT_IOC_ENABLE, 0);
}

static uint64_t pause_counter(void)
{
    uint64_t value = 0;

    (void)ioctl(self.counter_fd, PERF_EVENT_IOC_DISABLE, 0);
    if (read(self.counter_fd, &value, sizeof value) != (ssize_t)sizeof value)
        value = 0;
    return value;
}

static void need(const char *tool) __attribute__((noreturn));

/* This run cannot tell: the runner starts the test again where it can. */
static void need(const char *tool)
{
    hn_record_text(HN_RECORD_NEEDS, tool);
    hn_phase_set(HN_PHASE_ABORTED);
    _exit(0);
}

static void judge(const struct assay_budget_ *budget, uint64_t used)
{
    char text[256];

    __atomic_fetch_add(&hn_preload.shared->asserts, 1, __ATOMIC_RELAXED);
    hn_record_printf(HN_RECORD_NOTE, "%s:%u: %llu %s of at most %llu", budget->file, budget->line,
                     (unsigned long long)used, budget->kind, (unsigned long long)budget->limit);
    if (used <= budget->limit)
        return;
    (void)snprintf(text, sizeof text, "%llu %s, at most %llu allowed", (unsigned long long)used,
                   budget->kind, (unsigned long long)budget->limit);
    hn_record_failure(budget->file, budget->line, text);
}

static void dump_block(void) __attribute__((noinline));

static void dump_block(void)
{
    CALLGRIND_DUMP_STATS_AT("assay block");
    dumps++;
}

static bool is_counting_allocs(const struct assay_budget_ *budget)
{
    return budget->kind[0] == 'a'; /* in few instructions: some of them are counted */
}

static bool has_open_counter(void)
{
    for (unsigned i = 0; i < self.depth; i++)
        if (!is_counting_allocs(self.open[i].budget))
            return true;
    return false;
}

static void start_first(void)
{
    if (!open_counter())
        need("callgrind");
    resume_counter();
    self.own_cost = pause_counter();
}

/* Blocks around this one are charged for what its beginning or end makes them count. */
static void charge_outer(void)
{
    for (unsigned i = 0; i < self.depth; i++)
        self.open[i].changes++;
}

/* Once a process: whether allocations are counted. Some of valgrind's tools put an allocator of
 * their own before the one that counts. */
static void find_alloc_counter(void)
{
    if (count_allocs)
        return;
    *(void **)&count_allocs = dlsym(RTLD_DEFAULT, "assay_alloc_count");
    if (!count_allocs)
        need("allocs");
    uint64_t before = count_allocs();
    void *volatile block = malloc(1);
    free(block);
    are_allocs_counted = count_allocs() != before;
}

static void judge_allocs(const struct open_block *block, uint64_t now)
{
    if (are_allocs_counted)
        judge(block->budget, now - block->before);
    else
        hn_record_printf(HN_RECORD_WARNING,
                         "%s:%u: this budget of allocations is not judged under this tool, which "
                         "has an allocator of its own: run without it",
                         block->budget->file, block->budget->line);
}

HN_INTERPOSE void assay_runner_budget_begin(const struct assay_budget_ *budget)
{
    bool is_valgrind = RUNNING_ON_VALGRIND != 0;
    uint64_t before = 0;

    if (hn_worker_refuses(budget->file, budget->line, "a budget is counted") || !hn_preload.shared)
        return;
    CALLGRIND_TOGGLE_COLLECT; /* our own work is not for the block around this one */
    know_process();
    if (self.depth == OPEN_MAX) {
        hn_record_failure(budget->file, budget->line, "more budgets within budgets than 16");
        CALLGRIND_TOGGLE_COLLECT;
        return;
    }
    if (!is_valgrind && has_open_counter()) {
        before = pause_counter();
    } else if (!is_valgrind && !is_counting_allocs(budget)) {
        start_first();
        before = self.own_cost;
    }
    charge_outer();
    struct open_block *open = &self.open[self.depth++];
    *open = (struct open_block){budget, before, 0};
    if (is_counting_allocs(budget)) {
        find_alloc_counter();
        open->before = count_allocs();
        CALLGRIND_TOGGLE_COLLECT;
    } else if (is_valgrind) {
        open->before = dumps + 1;
        CALLGRIND_TOGGLE_COLLECT;
        dump_block(); /* what came before goes into a file of its own; the block is in the next */
        return;
    }
    if (!is_valgrind && has_open_counter())
        resume_counter();
}

/* Judged by the runner: from the file after the block's beginning to the one just written. */
static void leave_to_callgrind(const struct open_block *block)
{
    const struct assay_budget_ *budget = block->budget;
    char text[512];

    (void)snprintf(text, sizeof text, "%s%c%llu%c%llu%c%u", budget->file, 0x1f,
                   (unsigned long long)budget->limit, 0x1f, (unsigned long long)block->before + 1,
                   0x1f, dumps);
    hn_record(HN_RECORD_BUDGET, budget->line, text, strlen(text));
    __atomic_fetch_add(&hn_preload.shared->asserts, 1, __ATOMIC_RELAXED);
}

static void judge_instructions(const struct open_block *block, uint64_t now)
{
    uint64_t own = (self.own_cost + MACRO_INSTRUCTIONS) * (1 + block->changes);
    uint64_t used = now - block->before;

    judge(block->budget, used > own ? used - own : 0);
}

static void close_counter(void)
{
    if (self.counter_fd >= 0)
        (void)close(self.counter_fd);
    self.counter_fd = -1;
}

HN_INTERPOSE void assay_runner_budget_end(const struct assay_budget_ *budget)
{
    bool is_valgrind = RUNNING_ON_VALGRIND != 0;
    uint64_t now = 0;

    if (!hn_preload.shared || !budget)
        return;
    if (is_valgrind && !is_counting_allocs(budget))
        dump_block();
    else if (self.counter_fd >= 0 && self.pid == getpid())
        now = pause_counter();
    CALLGRIND_TOGGLE_COLLECT;
    bool is_here = dumps_pid == getpid();
    know_process();
    if (!is_here && is_valgrind && !is_counting_allocs(budget))
        dumps = 1; /* the one just written */
    if (self.depth == 0) {
        CALLGRIND_TOGGLE_COLLECT;
        return; /* begun in the parent of a forked child, whose block it is */
    }
    const struct open_block block = self.open[--self.depth];
    charge_outer();
    if (is_counting_allocs(budget))
        judge_allocs(&block, count_allocs());
    else if (is_valgrind)
        leave_to_callgrind(&block);
    else
        judge_instructions(&block, now);
    CALLGRIND_TOGGLE_COLLECT;
    if (!is_valgrind && has_open_counter())
        resume_counter();
    else
        close_counter();
}
