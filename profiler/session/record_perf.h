/*
 * The perf engine's state during one recording.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_PERF_H
#define PROFILER_SESSION_RECORD_PERF_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/attach/code_bytes.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/perf_access.h"
#include "profiler/attach/perf_rings.h"
#include "profiler/attach/perf_threads.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/session/record_engine.h"
#include "profiler/session/record_fold.h"
#include "profiler/session/record_people.h"
#include "profiler/session/record_quality.h"
#include "profiler/session/record_wall.h"
#include "profiler/session/record_wide.h"

struct pf_perf_session {
    struct pf_record_job *job;
    struct pf_perf_access access;
    struct pf_perf_rings rings;
    struct pf_perf_threads threads;
    struct pf_mapped_objects objects;
    struct pf_record_people people;
    struct pf_fold fold;
    struct pf_code_bytes code_bytes;
    struct pf_record_quality quality;
    struct pf_record_wall wall;
    bool is_begun;          /* what is sampled while events are opened does not count */
    uint64_t before_cpu_ns; /* used until then by the threads that are sampled */
    bool is_wall;           /* waiting, too */
    bool is_wide;           /* whole CPUs are sampled: records of others come, too */
    struct pf_record_wide wide;
    struct pf_pid_list processes; /* of the tree, as last listed */
    uint64_t period_ns;
    uint32_t unseen_threads; /* ended without a sample */
    uint64_t cpu_samples;    /* taken by the kernel; looks at waiting threads are not */
    uint64_t interrupt_ns;   /* what one of them took, by attach/perf_cost.h */
    uint64_t own_cpu_ns;     /* of the collector, while it collected */
    uint64_t next_scan_ns, next_progress_ns;
    uint64_t brisk_until_ns;      /* drains are close together until then */
    uint64_t brisk_until_samples; /* or until so many cpu_samples */
    uint32_t mended, mended_seen; /* times something was done so that stacks are whole */
    uint32_t scans;
    uint32_t missed_threads, denied_threads; /* by the scan that missed most */
    uint64_t drained_ns;
    bool has_lost_records; /* since the last scan */
    bool must_refresh;     /* some of them may have been of mappings */
    uint64_t pcs[PF_FOLD_DEPTH_MAX];
    uint64_t stack_copy[PF_RING_RECORD_MAX / sizeof(uint64_t)];
};

/* Attach to everything of the target that runs. The first scan of a recording. */
ASSAY_CHECKED
bool pf_perf_session_attach(struct pf_perf_session *session, struct pf_err *err);

/* List the tree again and sample what was missed: call after a drain. */
void pf_perf_session_rescan(struct pf_perf_session *session);

/* Take in what the rings hold; is_last: to the last record. */
void pf_perf_session_drain(struct pf_perf_session *session, bool is_last);

/* After records were lost, at most once a scan: read from /proc what they may have told. */
void pf_perf_session_refresh(struct pf_perf_session *session);

/* Unwind a stack of the process from regs; stack holds what was copied from regs[RSP] up. */
void pf_perf_session_unwind(struct pf_perf_session *session, struct pf_record_process *process,
                            const struct pf_regs *regs, struct pf_bytes stack,
                            struct pf_trail *trail);

/* Take one record in. */
void pf_perf_session_take(struct pf_perf_session *session, const struct pf_event *event);

#endif
