/* SPDX-License-Identifier: MIT */
#include "profiler/attach/perf_cost.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/attach/perf_threads.h"
#include "profiler/base/clock.h"
#include "profiler/drain/perf_record.h"

/* Fast enough for some dozens of samples in the time, slow enough for the kernel to keep it up, and
 * slower where it allows less. On a busy machine a window may bring few: then another is tried. */
enum { RATE_HZ = 4000, SLOWEST_HZ = 500, WINDOW_NS = 6000000, WINDOWS_MAX = 6, ENOUGH = 8 };

/* What is shorter is no interrupt; what is longer is a preemption, or the machine itself stood. */
enum { GAP_MIN_NS = 1000, GAP_MAX_NS = 250000, GAPS_MAX = 512, SAMPLES_MAX = 256, FEW = 3 };

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

uint64_t pf_perf_cost_median(const struct pf_clock_gap *gaps, uint32_t gap_count,
                             const uint64_t *times_ns, uint32_t time_count)
{
    uint64_t lengths[SAMPLES_MAX];
    uint32_t count = 0;
    uint32_t gap = 0;

    for (uint32_t i = 0; i < time_count && count < SAMPLES_MAX; i++) {
        while (gap < gap_count && gaps[gap].to_ns < times_ns[i])
            gap++;
        if (gap == gap_count)
            break;
        uint64_t length_ns = gaps[gap].to_ns - gaps[gap].from_ns;
        if (gaps[gap].from_ns <= times_ns[i] && length_ns <= GAP_MAX_NS)
            lengths[count++] = length_ns;
    }
    if (count < FEW)
        return 0;
    qsort(lengths, count, sizeof *lengths, by_value);
    return lengths[count / 2];
}

struct watch {
    struct pf_clock_gap gaps[GAPS_MAX];
    uint64_t times_ns[SAMPLES_MAX];
    uint32_t gap_count, time_count;
};

static void watch_gaps(struct watch *watch)
{
    uint64_t last_ns = pf_clock_now_ns();
    uint64_t end_ns = last_ns + WINDOW_NS;

    while (last_ns < end_ns && watch->gap_count < GAPS_MAX) {
        uint64_t now_ns = pf_clock_now_ns();
        if (now_ns - last_ns >= GAP_MIN_NS)
            watch->gaps[watch->gap_count++] = (struct pf_clock_gap){last_ns, now_ns};
        last_ns = now_ns;
    }
}

static void take_times(struct watch *watch, struct pf_perf_rings *rings)
{
    struct pf_bytes record;

    pf_perf_rings_begin(rings, true);
    while (pf_perf_rings_next(rings, &record)) {
        struct perf_event_header header;
        memcpy(&header, record.at, sizeof header);
        if (header.type == PERF_RECORD_SAMPLE && watch->time_count < SAMPLES_MAX)
            watch->times_ns[watch->time_count++] = pf_event_time_ns(record);
    }
    pf_perf_rings_end(rings);
}

uint64_t pf_perf_cost_ns(struct pf_perf_rings *rings, const struct pf_perf_access *access,
                         const struct pf_perf_wish *wish)
{
    struct watch watch = {0};
    struct pf_perf_threads self;
    struct pf_perf_wish fast = *wish;
    pid_t tid = (pid_t)syscall(SYS_gettid);

    fast.frequency_hz = RATE_HZ;
    fast.threads_only = true;
    for (unsigned i = 0; i < WINDOWS_MAX && watch.time_count < ENOUGH; i++) {
        pf_perf_threads_init(&self, rings, access, &fast);
        if (pf_perf_threads_open(&self, getpid(), tid) == PF_PERF_OPENED)
            watch_gaps(&watch);
        else if (fast.frequency_hz > SLOWEST_HZ)
            fast.frequency_hz /= 2;
        pf_perf_threads_fini(&self);
        take_times(&watch, rings);
    }
    return pf_perf_cost_median(watch.gaps, watch.gap_count, watch.times_ns, watch.time_count);
}
