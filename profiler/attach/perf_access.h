/*
 * What this kernel lets us measure, and the event it is asked for.
 *
 * Clock: hardware cycles where there is a PMU, else the cpu-clock timer (virtual machines).
 * Kernel side: where perf_event_paranoid or a capability permits, else user code only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PERF_ACCESS_H
#define PROFILER_ATTACH_PERF_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

struct perf_event_attr;

struct pf_perf_access {
    bool has_cycles; /* a hardware counter that can interrupt */
    bool has_kernel; /* samples taken in the kernel are permitted */
    bool has_all;    /* whole CPUs may be sampled, not only processes of one's own */
    bool has_lost;   /* the kernel counts an event's lost samples (6.0 and later) */
    int paranoid;    /* perf_event_paranoid; PF_PERF_PARANOID_UNKNOWN */
};

enum { PF_PERF_PARANOID_UNKNOWN = 99 };

/* What is wanted of every thread's events. */
struct pf_perf_wish {
    uint32_t frequency_hz;
    uint32_t stack_bytes;
    bool with_switches; /* context switch records */
    bool on_exec;       /* begin at the next exec */
    bool threads_only;  /* do not follow fork */
    bool whole_cpu;     /* whoever runs there */
};

/* Try on ourselves. PF_ERR_DENIED, PF_ERR_UNSUPPORTED with the remedy; its last part is this, which
 * is good for CPU time alone. */
#define PF_PERF_OTHERWISE "use assay record --engine agent"

ASSAY_CHECKED
bool pf_perf_probe(struct pf_perf_access *out, struct pf_err *err);

/* Is the rate one the kernel allows? PF_ERR_LIMIT names the maximum. */
ASSAY_CHECKED
bool pf_perf_check_rate(uint32_t frequency_hz, struct pf_err *err);

/* The sampling event; and the silent one that only carries a ring. */
void pf_perf_sampler(struct perf_event_attr *out, const struct pf_perf_access *access,
                     const struct pf_perf_wish *wish);
void pf_perf_carrier(struct perf_event_attr *out, uint32_t wakeup_bytes);

/* perf_event_open(2), close-on-exec, no group. Returns the descriptor or -errno. */
int pf_perf_open(const struct perf_event_attr *attr, pid_t tid, int cpu);

#endif
