/*
 * The agent's private memory: unwind rows and the lists of what is mapped.
 *
 * Not in the region: a forked child needs them at once, when it cannot ask the loader (another
 * thread may have held its lock), and rows outlive a collector. One mapping, reserved whole and
 * touched as needed; its bounds are told to the collector, for which it is never a root.
 *
 * Context: target, under the lock of code_objects.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CODE_MEMORY_H
#define PROFILER_AGENT_CODE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct pf_region;

/* The free part, aligned for anything; *room 0 if there is none. */
void *ag_code_memory_free(size_t *room);

/* The first size bytes of it are in use from now on. size <= room. */
void ag_code_memory_use(size_t size);

/* Write the bounds into the region. */
void ag_code_memory_tell(struct pf_region *region);

#endif
