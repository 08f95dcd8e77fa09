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

/* perf_event_attr.sample_regs_user. */
uint64_t pf_perf_regs_mask(void);

/* Read as many words as that has bits, in the kernel's order. */
void pf_perf_regs_decode(struct pf_regs *out, struct pf_cursor *cursor);

#endif
