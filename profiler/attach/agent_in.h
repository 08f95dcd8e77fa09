/*
 * Is an agent with a collector's memory in a process? An exec takes it away without a word.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_AGENT_IN_H
#define PROFILER_ATTACH_AGENT_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pf_err;

/* Does it have a region mapped (agent_host.h)? True also if that cannot be told. */
bool pf_agent_is_in(pid_t pid);

/*
 * Where a function of the agent stands in a process that has it loaded: preloaded, linked, or left
 * by an earlier recording, under whatever path. 0: it is not there, or has no such function.
 */
uint64_t pf_agent_entry_in(pid_t pid, const char *file_name, const char *function);

#endif
