/*
 * The perf maps of the processes in a profile: where their JIT compilers say what code is whose.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_JIT_H
#define PROFILER_SYMBOL_JIT_H

#include <sys/types.h>

#include "profiler/symbol/query.h"

struct pf_profile;

/*
 * Name queries (absolute addresses) by /tmp/perf-N.map of pid and of every process the profile's
 * "pid" labels tell of (at most 64): in the process's own /tmp, under the pid it has in its own pid
 * namespace; after its end, in ours. A map that does not belong to root, to the process's user or
 * to us is not read.
 */
void pf_jit_match(const struct pf_profile *profile, pid_t pid, struct pf_queries *queries);

/* The same by the map of this process alone, whose code the queries are in. */
void pf_jit_match_process(pid_t pid, struct pf_queries *queries);

/* The process in a mapping's name "[jit:PID]"; 0: it names none. */
pid_t pf_jit_owner(const char *mapping);

#endif
