/*
 * What the kernel says of processes that are not ours to wait for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_PROCESS_TIME_H
#define HARNESS_RUNNER_PROCESS_TIME_H

#include <stdint.h>
#include <sys/types.h>

/*
 * What a process would have of the CPU: the time of all its threads, ended ones too, in steps of
 * 10 ms, and what those alive waited in a run queue (/proc/PID/task/TID/schedstat), which is all
 * that a busy one shows on a crowded machine. Falls when a thread ends. UINT64_MAX when it is gone.
 */
uint64_t hn_process_demand_ns(pid_t pid);

/* 0 when it is gone. */
pid_t hn_process_parent(pid_t pid);

/* Kill and bury everything that became our child by losing its own parent. */
void hn_orphans_end(void);

#endif
