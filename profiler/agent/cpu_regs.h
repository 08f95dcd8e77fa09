/*
 * The registers a signal interrupted, as the unwinder wants them.
 *
 * Context: signal. The body is the architecture's: cpu_regs_x86_64.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_REGS_H
#define PROFILER_AGENT_CPU_REGS_H

#include <ucontext.h>

#include "profiler/trace/regs.h"

void ag_regs_of_context(const ucontext_t *context, struct pf_regs *out);

#endif
