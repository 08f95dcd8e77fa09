/*
 * CPU sampling from inside: a timer on every thread's CPU clock, a handler that walks rows.
 *
 * Timers fire on the scheduler's tick, so the cost is that of a signal and a walk: nothing a server
 * notices. A thread of the agent's own arms them for all other threads from outside, by raw clock
 * ids, with a random first phase; threads that sleep are never woken. The handler allocates
 * nothing, locks nothing and makes no system call after a thread's first sample.
 *
 * Sampling ends when the collector says so (the region's sample_hz becomes 0, and whoever waits
 * there is woken) or is gone (its clock, now_ms, stands still and nobody answers at its address):
 * the timers are deleted, the signal's disposition is put back, the region is unmapped.
 *
 * The signal is the highest real-time one that the server does not use, else SIGPROF or SIGVTALRM.
 * A server that takes it later has it: sampling moves to another.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_SAMPLING_H
#define PROFILER_AGENT_CPU_SAMPLING_H

#include <stdbool.h>

#include "profiler/trace/region.h"

/* Begin to sample into region, at its sample_hz. False: it is under way already, there is no free
 * signal, or no thread could be made; the server is then as before. Context: target. */
bool ag_cpu_begin(struct pf_region *region);

/* Is sampling under way, or not yet wound up? */
bool ag_cpu_is_on(void);

/* Has it been told to end, or is it done? */
bool ag_cpu_is_ending(void);

/* End what is under way and wait for it: its collector is gone. Context: target. */
void ag_cpu_end(void);

/* Around fork: the signal is held back, as a fork that is interrupted begins again and again; the
 * child has no timers and no agent thread. Context: target, the forking thread. */
void ag_cpu_fork_prepare(void);
void ag_cpu_fork_parent(void);
void ag_cpu_fork_child(void);

#endif
