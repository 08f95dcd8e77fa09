/*
 * The ring of a thread's slot, made when first asked for.
 *
 * Rings lie in the region's work part; the slot's ring_at tells the collector where.
 *
 * Context: signal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_RING_H
#define PROFILER_AGENT_CPU_RING_H

#include "profiler/trace/region_threads.h"
#include "profiler/trace/ring.h"

/* NULL when the work part is full; the sample is then counted as dropped. */
struct pf_ring *ag_cpu_ring(struct pf_region *region, struct pf_region_thread *slot);

#endif
