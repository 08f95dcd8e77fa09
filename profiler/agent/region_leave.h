/*
 * A region given back while the process runs on: its collector is done with it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_REGION_LEAVE_H
#define PROFILER_AGENT_REGION_LEAVE_H

#include <stdbool.h>

struct pf_region;

/*
 * Unlink a region nobody is aimed at any more, and wait a little until no thread can be in it.
 * False: allocations are recorded there, or somebody stays: it is to be left mapped.
 * Context: the agent's own thread; raw system calls only.
 */
bool ag_region_unlink(struct pf_region *region);

/* Unmap all but the header, in which the collector is still to be told something; and that. */
void ag_region_unmap_body(struct pf_region *region);
void ag_region_unmap_head(struct pf_region *region);

#endif
