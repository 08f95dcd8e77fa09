/*
 * Use case: judge one process that stands still and asks to be looked at, on its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_ASKED_H
#define PROFILER_SESSION_LEAKS_ASKED_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_agent_process;
struct pf_leak_suppress;
struct pf_leaks;
struct pf_leave;

/* As pf_agent_visits.left has it. */
struct pf_leaks_asker {
    const struct pf_agent_process *process;
    const struct pf_leave *leave;
    int memory_fd;
    const struct pf_leak_suppress *suppress; /* NULL: none */
};

/*
 * Fill out. What is still reachable is only counted: a process that lost nothing costs no look at
 * symbols. PF_ERR_FORMAT: what it says of itself makes no sense.
 */
ASSAY_CHECKED
bool pf_leaks_asked(struct pf_leaks *out, const struct pf_leaks_asker *asker, struct pf_err *err);

#endif
