/*
 * Does the collector still live? Asked by calling it: nobody answers at the address of one that
 * ended, however it ended, and no other process can have it.
 *
 * Context: signal; raw system calls only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_COLLECTOR_PROBE_H
#define PROFILER_AGENT_COLLECTOR_PROBE_H

#include <stdbool.h>

/* True only if it is certain. */
bool ag_collector_is_gone(const char *address);

#endif
