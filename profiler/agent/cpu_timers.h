/*
 * A timer for every thread of the process, on that thread's CPU clock.
 *
 * Run by the agent's own thread only. A table in mapped memory remembers which thread has which
 * timer; threads that ended lose theirs.
 *
 * Source of the clock id: linux/posix-timers.h, MAKE_THREAD_CPUCLOCK.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_TIMERS_H
#define PROFILER_AGENT_CPU_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct pf_region;

enum { AG_TIMER_SLOTS = 1 << 15, AG_TIMERS_MAX = AG_TIMER_SLOTS * 3 / 4 };

struct ag_timer {
    uint32_t tid; /* 0: free */
    int32_t timer;
    uint32_t seen; /* the scan that met it last */
};

struct ag_timers {
    struct ag_timer *at; /* AG_TIMER_SLOTS, open addressing by tid */
    uint32_t count, scan;
    uint32_t changes; /* threads the last scan met first or missed */
    uint32_t refused; /* threads the last scan left without: the table, RLIMIT_SIGPENDING */
    uint32_t gone;    /* that had ended between the listing and the timer */
    struct pf_region *slots_of; /* where threads that ended give their slots back; NULL: nowhere */
    uint64_t period_ns, random;
    int signal_number;
    uint32_t own_tid;
    bool keeps_listing; /* the thread has descriptors of its own: it may keep one */
    int listing;        /* -1: not open */
    uint64_t listed;    /* how many threads the kernel counted at the last scan */
    uint32_t skipped;   /* scans since then */
};

/* Memory for the table. */
bool ag_timers_init(struct ag_timers *timers, uint32_t hz, int signal_number);
void ag_timers_fini(struct ag_timers *timers);

/*
 * Arm what is new, drop what has ended; whether there was any of it. Where none has come or gone
 * for long (is_calm), their number is looked at, and they are listed now and then: one may have
 * come as another went. Raw system calls only.
 */
bool ag_timers_scan(struct ag_timers *timers, bool is_calm);

/* Delete all. Raw system calls only. */
void ag_timers_disarm(struct ag_timers *timers);

#endif
