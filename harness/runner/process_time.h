/*
 * What the kernel says of processes that are not ours to wait for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_PROCESS_TIME_H
#define HARNESS_RUNNER_PROCESS_TIME_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its threads, in steps of 10 ms; UINT64_MAX when it is gone. */
uint64_t hn_process_cpu_ns(pid_t pid);

/* Kill and bury everything that became our child by losing its own parent. */
void hn_orphans_end(void);

#endif
