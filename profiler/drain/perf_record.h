/*
 * One record of a perf ring, checked and spelled out.
 *
 * Knows the layout perf_event_open(2) promises for the events attach/ opens (one sample_type for
 * all, sample_id_all set); refuses to know processes. The bytes are the kernel's, but a parser that
 * trusts lengths is a parser that crashes: nothing is read outside the record.
 *
 * Source:  perf_event_open(2), "MMAP layout"; include/uapi/linux/perf_event.h.
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_DRAIN_PERF_RECORD_H
#define PROFILER_DRAIN_PERF_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/regs.h"

enum pf_event_kind {
    PF_EVENT_OTHER, /* a record we have no use for */
    PF_EVENT_SAMPLE,
    PF_EVENT_MMAP,
    PF_EVENT_COMM,
    PF_EVENT_FORK, /* pid, tid: the new one */
    PF_EVENT_EXIT,
    PF_EVENT_LOST, /* records the kernel had no room for */
    PF_EVENT_THROTTLE,
    PF_EVENT_SWITCH,
};

/* What the events were opened with, as far as the layout depends on it. */
struct pf_event_layout {
    bool has_callchain; /* kernel frames */
};

struct pf_event_sample {
    uint64_t period;           /* nanoseconds of a clock event, cycles of a hardware one */
    const uint64_t *callchain; /* kernel addresses, context markers included; unaligned: no */
    uint32_t callchain_count;  /*   (records are 8-byte aligned in the ring) */
    bool is_kernel;            /* taken while in the kernel */
    bool has_regs;             /* false for a kernel thread */
    struct pf_regs regs;       /* of the user side */
    struct pf_bytes stack;     /* what was copied, from regs[RSP] up */
    uint32_t stack_asked;      /* bytes the event was opened for */
};

struct pf_event_mmap {
    uint64_t start, size, file_offset;
    uint64_t inode;
    uint32_t device_major, device_minor;
    uint32_t prot;
    const char *path; /* NUL-terminated, in the record */
};

struct pf_event_comm {
    const char *name; /* NUL-terminated, in the record */
    bool is_exec;
};

struct pf_event_task {
    pid_t parent_pid, parent_tid;
};

struct pf_event_switch {
    bool is_out;
    bool is_preempted; /* out, but still runnable */
};

struct pf_event {
    enum pf_event_kind kind;
    pid_t pid, tid;
    uint32_t cpu;
    uint64_t time_ns;  /* CLOCK_MONOTONIC */
    uint64_t event_id; /* of the event opened; its heirs' records bear the same */
    union {
        struct pf_event_sample sample;
        struct pf_event_mmap mmap;
        struct pf_event_comm comm;
        struct pf_event_task task;
        struct pf_event_switch sched;
        uint64_t lost_count;
    };
};

/*
 * Spell out one whole record, header included, 8-byte aligned. Views in *out point into it.
 * Returns false for a record shorter than it claims; *out is then undefined.
 */
bool pf_event_decode(struct pf_event *out, struct pf_bytes record,
                     const struct pf_event_layout *layout);

/* The record's time alone, for ordering; 0 where it has none. */
uint64_t pf_event_time_ns(struct pf_bytes record);

#endif
