/*
 * Pointers of a server that only the kernel holds: what it registered with epoll and timers.
 *
 * Source: proc_pid_fdinfo(5) (lines "tfd: N events: X data: HEX"), proc_pid_timers(5) (lines
 * "signal: N/HEX").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_KERNEL_H
#define PROFILER_SESSION_LEAKS_KERNEL_H

#include <sys/types.h>

#include "profiler/trace/bytes.h"

struct pf_leaks_threads;

/* Add every word the kernel keeps for the process; also with the low three bits cleared, where
 * servers keep flags. What cannot be read is left out. */
void pf_leaks_kernel_words(struct pf_leaks_threads *words, pid_t pid);

/* The words in the text of one fdinfo file, and of the timers file. */
void pf_leaks_epoll_words(struct pf_leaks_threads *words, struct pf_bytes text);
void pf_leaks_timer_words(struct pf_leaks_threads *words, struct pf_bytes text);

#endif
