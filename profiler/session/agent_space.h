/*
 * Where code lies in a process with the agent: what the agent was told by the loader, laid out in
 * order, and over it what the kernel says while the process lives.
 *
 * The agent knows what was mapped at any time, also in a process that has ended; the kernel knows
 * which file it truly is, whether that was replaced, and code that no file stands for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_SPACE_H
#define PROFILER_SESSION_AGENT_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/attach/address_space.h"

struct pf_mapped_objects;
struct pf_region;

/* Zero but for space.pid is a valid empty one. */
struct pf_agent_space {
    struct pf_space space;
    uint32_t modules_seen;
    uint64_t newest_code; /* where the newest module's code lies */
};

void pf_agent_space_fini(struct pf_agent_space *space);

/* Modules entered since the last time; whether there were any. */
bool pf_agent_space_learn(struct pf_agent_space *space, const struct pf_region *region,
                          struct pf_mapped_objects *objects);

/* What the kernel says now; false if the process cannot be asked or is another program by now. */
bool pf_agent_space_ask(struct pf_agent_space *space, struct pf_mapped_objects *objects);

#endif
