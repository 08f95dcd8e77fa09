/*
 * Which user registers a sample carries, and how they become ours. One file an architecture.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_DRAIN_PERF_REGS_H
#define PROFILER_DRAIN_PERF_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/regs.h"

/* perf_event_attr.sample_regs_user, and how many bits it has. */
uint64_t pf_perf_regs_mask(void);
uint32_t pf_perf_regs_count(void);

/* Read pf_perf_regs_count() words in the kernel's order. */
void pf_perf_regs_decode(struct pf_regs *out, struct pf_cursor *cursor);

#endif
