/*
 * assay_instructions_at_most and assay_allocs_at_most: counted, judged, told.
 *
 * Instructions are counted by the processor for this thread, user mode only. Where it cannot, and
 * the test does not run under callgrind already, the runner is told to run it there. What the
 * counting itself costs is measured once and subtracted.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>
#include <dlfcn.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "harness/preload/preload.h"

static int counter_fd = -1;
static uint64_t own_cost, allocs_before;
static uint64_t (*count_allocs)(void);

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
    counter_fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return counter_fd >= 0;
}

static void start_counter(void)
{
    (void)ioctl(counter_fd, PERF_EVENT_IOC_RESET, 0);
    (void)ioctl(counter_fd, PERF_EVENT_IOC_ENABLE, 0);
}

static uint64_t stop_counter(void)
{
    uint64_t value = 0;

    (void)ioctl(counter_fd, PERF_EVENT_IOC_DISABLE, 0);
    if (read(counter_fd, &value, sizeof value) != (ssize_t)sizeof value)
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
}

static void begin_instructions(void)
{
    if (RUNNING_ON_VALGRIND) {
        /* What came before goes into a dump of its own; the block is in the next. */
        dump_block();
        return;
    }
    if (counter_fd < 0) {
        if (!open_counter())
            need("callgrind");
        start_counter();
        own_cost = stop_counter();
    }
    start_counter();
}

static bool is_counting_allocs(const struct assay_budget_ *budget)
{
    return strcmp(budget->kind, "allocs") == 0;
}

HN_INTERPOSE void assay_runner_budget_begin(const struct assay_budget_ *budget)
{
    if (!hn_preload.shared)
        return;
    if (!is_counting_allocs(budget)) {
        begin_instructions();
        return;
    }
    *(void **)&count_allocs = dlsym(RTLD_DEFAULT, "assay_alloc_count");
    if (!count_allocs)
        need("allocs");
    allocs_before = count_allocs();
}

HN_INTERPOSE void assay_runner_budget_end(const struct assay_budget_ *budget)
{
    if (!hn_preload.shared || !budget)
        return;
    if (RUNNING_ON_VALGRIND)
        dump_block();
    if (is_counting_allocs(budget)) {
        judge(budget, count_allocs() - allocs_before);
    } else if (RUNNING_ON_VALGRIND) {
        char text[512];
        (void)snprintf(text, sizeof text, "%s%c%llu", budget->file, 0x1f,
                       (unsigned long long)budget->limit);
        hn_record(HN_RECORD_BUDGET, budget->line, text, strlen(text));
        __atomic_fetch_add(&hn_preload.shared->asserts, 1, __ATOMIC_RELAXED);
    } else {
        uint64_t used = stop_counter();
        judge(budget, used > own_cost ? used - own_cost : 0);
    }
}
