/*
 * All other threads of the process stopped by a signal, each with its registers kept for a reader.
 *
 * For a process at its end that nobody may trace. The signal is the one glibc uses between its own
 * threads for setuid(2), which a program cannot block or take by the usual calls; its handler is
 * given back when everybody runs on.
 *
 * Context: signal. Raw system calls only; errno is not touched.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_STOP_THREADS_H
#define PROFILER_AGENT_STOP_THREADS_H

#include <stdint.h>

struct pf_leave_thread;

struct ag_stopped {
    struct pf_leave_thread *threads; /* room for this many, the caller's memory */
    uint32_t *tids;                  /* as much room */
    uint32_t capacity;
    uint32_t count;  /* out: how many of threads are filled */
    uint32_t missed; /* out: threads that did not come in time, or found no room */
};

/* How many threads there are now; at least 1. */
uint32_t ag_threads_count(void);

/* Stop all but the caller. Only one at a time. */
void ag_threads_stop(struct ag_stopped *stopped);

/* They run on. */
void ag_threads_release(const struct ag_stopped *stopped);

#endif
