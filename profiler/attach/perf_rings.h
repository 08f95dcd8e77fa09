/*
 * One ring of samples a CPU, into which the events of all threads write.
 *
 * A ring belongs to a silent event on ourselves, so that it outlives every thread of the target;
 * the threads' events are redirected into it (PERF_EVENT_IOC_SET_OUTPUT). That keeps the locked
 * memory at one ring a CPU whatever the number of threads: by default an ordinary user may lock
 * 516 KiB a CPU, which is 128 pages and the control page.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PERF_RINGS_H
#define PROFILER_ATTACH_PERF_RINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/drain/ring_merge.h"

struct pf_perf_ring {
    int cpu;
    int fd;
    void *map; /* control page, then the data */
};

struct pf_perf_rings {
    struct pf_perf_ring *at;
    struct pf_ring_view *views;
    uint32_t count;
    uint64_t data_bytes;
    uint64_t horizon_ns; /* of the reading under way */
    struct pf_ring_merge merge;
};

/*
 * A ring for every CPU online, of at most wish_bytes (a power of two), halved until the kernel
 * agrees. PF_ERR_LIMIT when not even the smallest fits the allowance.
 */
ASSAY_CHECKED
bool pf_perf_rings_open(struct pf_perf_rings *out, uint64_t wish_bytes, struct pf_err *err);
void pf_perf_rings_close(struct pf_perf_rings *rings);

/* Wait until a ring is half full, extra_fd (< 0: none) is readable, or the time is over. */
void pf_perf_rings_wait(const struct pf_perf_rings *rings, int extra_fd, int timeout_ms);

/*
 * Read what has been written, in the order of time: begin, next until false, end. The records of a
 * reading are views into the rings; end hands the room back to the kernel. With is_last, records
 * younger than the beginning of the reading are given, too.
 */
void pf_perf_rings_begin(struct pf_perf_rings *rings, bool is_last);
bool pf_perf_rings_next(struct pf_perf_rings *rings, struct pf_bytes *record);
void pf_perf_rings_end(struct pf_perf_rings *rings);

#endif
