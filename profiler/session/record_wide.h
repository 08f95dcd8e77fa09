/*
 * From one event a thread to whole CPUs: when a recording goes over, and what changes then.
 *
 * An event a thread interrupts only those that are recorded, but begins with a whole period:
 * threads shorter than that are never sampled, and there are no more events than descriptors. Whole
 * CPUs have neither limit, and interrupt everybody. So a recording begins with the former and goes
 * over when the target turns out to need it, once and where the kernel permits it.
 *
 * The two overlap for as long as it takes to close the events of all threads. A sample counts once:
 * by an event of a thread before the moment of going over, by one of a CPU after it. Records of
 * forks, mappings and names count whoever brings them: to hear of the same twice changes nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_WIDE_H
#define PROFILER_SESSION_RECORD_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct pf_event;
struct pf_perf_session;

struct pf_record_wide {
    bool is_allowed;
    uint64_t since_ns; /* 0: one event a thread still */
    uint64_t window_end_ns;
    uint32_t window_unseen; /* threads that ended without a sample, in this second */
    uint64_t kept, dropped; /* samples of whole CPUs: the target's, everybody else's */
    uint64_t lost;          /* of whole CPUs, by the rings' records */
};

/* The target's processes are listed, nothing is open: more threads than descriptors? */
bool pf_wide_begins(struct pf_perf_session *session);

/* A thread ended without a sample. */
void pf_wide_count_unseen(struct pf_perf_session *session, uint64_t time_ns);

/* Go over if it is time to. After a drain; drains while it does. */
void pf_wide_consider(struct pf_perf_session *session);

/* Does the record count: of the target, and not of the events whose time is over? */
bool pf_wide_takes(struct pf_perf_session *session, const struct pf_event *event);

/*
 * How many of the samples lost on whole CPUs were the target's. The kernel does not say whose they
 * were: its share of the samples that were not lost, rounded up.
 */
uint64_t pf_wide_lost(const struct pf_perf_session *session);

/* The same with what the kernel's counters say, and a note on where it comes from. At the end. */
uint64_t pf_wide_sum_lost(struct pf_perf_session *session);

#endif
