/*
 * An object's rows for the agents of a host, so that no server has to compile them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_AGENT_GIVE_H
#define PROFILER_ATTACH_AGENT_GIVE_H

#include <sys/types.h>

struct pf_agent_host;
struct pf_mapped_object;

/* Nothing is given for an object without rows, or whose file cannot be read through process pid. */
void pf_agent_give_object(struct pf_agent_host *host, const struct pf_mapped_object *object,
                          pid_t pid);

#endif
