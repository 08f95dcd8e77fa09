/*
 * A region for one agent: the shared memory, mapped here so that the server cannot lead us astray.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_AGENT_REGION_H
#define PROFILER_ATTACH_AGENT_REGION_H

struct pf_region;
struct pf_region_sizes;

/* A region of these sizes in *out, to be unmapped by the caller. Its descriptor, for the agent; -1,
 * and errno, if it cannot be made. */
int pf_agent_region_make(const struct pf_region_sizes *sizes, struct pf_region **out);

#endif
