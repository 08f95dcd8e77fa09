/*
 * The events of every thread that is sampled.
 *
 * A root is a thread we opened events for: one a CPU, inherited by all it starts from then on
 * (threads, and processes unless told otherwise). Its heirs are the live threads that sample
 * through it. Closing a root's events would silence its heirs, so they stay open until the last
 * heir is gone, and a root grows (larger stack copies) by opening every heir anew.
 *
 * Where the kernel permits it, whole CPUs can be sampled instead, from the start or from any moment
 * on (one event each, whoever runs there; the owner picks its own): no descriptor a thread, and
 * threads too short for a timer of their own are seen. Every CPU is then interrupted at the rate.
 *
 * Limits:  descriptors. The soft limit is raised to the hard one; threads beyond it are counted
 *          (refused_fds), not sampled.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PERF_THREADS_H
#define PROFILER_ATTACH_PERF_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/perf_access.h"
#include "profiler/attach/perf_rings.h"
#include "profiler/attach/tid_map.h"

/*
 * What is copied of a stack at first, once it is known, and at most; a record is at most 64 KiB,
 * header and registers included. The kernel copies what there is, at 0.1 microseconds a KiB, but
 * takes room in the ring for all that was asked for: the collector, whose caches others use between
 * its turns, then reads ever new memory. 16 KiB cost it 0.57 % of a CPU at 999 Hz (nginx), 32 KiB
 * 0.93 %, 8 KiB 0.47 %. So everybody begins with copies in which nearly all stacks are whole
 * (PF_STACK_COPY_SPARE where rings are small) and soon gets some that are half as large again as
 * was needed.
 */
enum {
    PF_STACK_COPY_FIRST = 32 << 10,
    PF_STACK_COPY_SPARE = 16 << 10,
    PF_STACK_COPY_LEAST = 4 << 10,
    PF_STACK_COPY_MAX = 60 << 10
};

/* Of a stack: more than the copy held. */
enum { PF_STACK_CUT = INT32_MAX };

enum pf_perf_opened {
    PF_PERF_OPENED,
    PF_PERF_GONE,   /* the thread ended before */
    PF_PERF_FULL,   /* no descriptors left */
    PF_PERF_DENIED, /* somebody else's, or one that may not be looked at */
};

struct pf_perf_root {
    pid_t pid, tid;
    uint32_t heirs; /* live ones, itself included; 0: the slot is free */
    uint32_t stack_bytes;
    uint64_t samples, out_of_bytes; /* at this size */
    uint32_t most_used;             /* bytes of a copy; where samples are few, nobody asks */
    uint64_t fit_after;             /* so many samples at this size, copies are made to fit */
    int *fds;                       /* one a ring */
};

struct pf_perf_heir {
    pid_t pid, tid;
    uint32_t root;
};

struct pf_perf_threads {
    const struct pf_perf_rings *rings;
    struct pf_perf_access access;
    struct pf_perf_wish wish;
    struct pf_perf_root *roots;
    uint32_t root_count, root_capacity, root_free, open_roots;
    struct pf_perf_heir *heirs;
    uint32_t heir_count, heir_capacity, heir_free;
    uint32_t live;            /* threads sampled now */
    struct pf_tid_map by_tid; /* to heirs */

    uint32_t cpus_root;     /* where whole CPUs are sampled */
    uint64_t cpus_first_id; /* of their events; those of threads have lower ones */
    uint64_t closed_cpu_ns, closed_lost, closed_cpus_lost; /* of roots closed so far */
    uint32_t refused_fds, denied, grown;
};

/* Keeps rings. */
void pf_perf_threads_init(struct pf_perf_threads *set, const struct pf_perf_rings *rings,
                          const struct pf_perf_access *access, const struct pf_perf_wish *wish);
void pf_perf_threads_fini(struct pf_perf_threads *set);

/* Are there descriptors for so many threads more? */
bool pf_perf_threads_has_room(const struct pf_perf_threads *set, uint32_t threads);

/*
 * Sample whole CPUs from now on, and no thread by itself: threads count as sampled without being
 * opened. Those that were opened before go on sampling until close_some, which closes a few of
 * them, says that there are none left. 0 or errno.
 */
int pf_perf_threads_open_cpus(struct pf_perf_threads *set);
bool pf_perf_threads_close_some(struct pf_perf_threads *set);

/* Sample a thread not sampled yet. */
enum pf_perf_opened pf_perf_threads_open(struct pf_perf_threads *set, pid_t pid, pid_t tid);

bool pf_perf_threads_has(const struct pf_perf_threads *set, pid_t tid);

/* A sampled thread has started another: it is sampled already. */
void pf_perf_threads_forked(struct pf_perf_threads *set, pid_t parent_tid, pid_t pid, pid_t tid);
void pf_perf_threads_exited(struct pf_perf_threads *set, pid_t tid);

/*
 * Count a sample of tid, and how much of the copy, copy_bytes large, its stack took, or that it was
 * cut off (PF_STACK_CUT). When enough were, everything under its root, and what else of the same
 * process has been met on a CPU, is opened again with a larger copy; true then. Where stacks turn
 * out to be small, copies become smaller.
 */
bool pf_perf_threads_count_sample(struct pf_perf_threads *set, pid_t tid, uint32_t copy_bytes,
                                  uint32_t used_bytes);

/*
 * So far: CPU time of all threads that had events of their own; samples of theirs the kernel had no
 * room for; and those of whole CPUs, whoever ran there.
 */
uint64_t pf_perf_threads_cpu_ns(const struct pf_perf_threads *set);
uint64_t pf_perf_threads_lost(const struct pf_perf_threads *set);
uint64_t pf_perf_threads_cpus_lost(const struct pf_perf_threads *set);

#endif
