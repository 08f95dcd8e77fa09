/*
 * The handler of the sampling signal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_HANDLER_H
#define PROFILER_AGENT_CPU_HANDLER_H

#include <stdbool.h>

struct pf_region;

/* What timers carry, by which the handler knows its own ticks from somebody else's. */
void *ag_cpu_tick_mark(void);

/* Where samples go; NULL: nowhere. */
void ag_cpu_handler_aim(struct pf_region *region);

/* Does no thread hold a region that was aimed at before? To be asked after another aim. */
bool ag_cpu_handler_is_at_rest(void);

/* In a fork's child: only the calling thread is there. */
void ag_cpu_handler_fork_child(void);

/* Take a free signal; its number, or 0. Context: target. */
int ag_cpu_signal_take(void);

/* Put back what was there, unless it is no longer ours; pending ticks are thrown away first.
 * Context: target. */
void ag_cpu_signal_give_back(int signal_number);

/* Did the server install a handler of its own over ours? Context: target. */
bool ag_cpu_signal_is_lost(int signal_number);

#endif
