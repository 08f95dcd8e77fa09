/*
 * The handshake with the collector, from inside the server: see trace/handshake.h.
 *
 * Needs no descriptor 0-2, leaves none open, waits a bounded time, and on any doubt leaves the
 * agent passive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_COLLECTOR_LINK_H
#define PROFILER_AGENT_COLLECTOR_LINK_H

#include <stdint.h>

#include "profiler/trace/handshake.h"

struct pf_region;

/* Say hello to the collector at an abstract socket address; the region it gave, mapped, or NULL.
 * flags (enum pf_welcome_flag) is what it told us to do. Context: target. errno is not preserved.
 */
struct pf_region *ag_link(const char *address, const struct pf_hello *hello, uint32_t *flags);

/* A connection to it, -1 if there is none to be had. Context: signal. errno is not preserved. */
int ag_connect(const char *address);

#endif
