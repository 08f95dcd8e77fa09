/*
 * The agent on its way into the processes of a recording: into those that run when it begins, and
 * into those met later without it.
 *
 * Each is tried for a moment; who refuses is asked again while the others are recorded, less and
 * less often, unless the reason is one that stays. To be told to stop ends it at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_REACH_H
#define PROFILER_SESSION_AGENT_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/proc_tree.h"
#include "profiler/base/err.h"
#include "profiler/session/agent_watch.h"

struct pf_agent_host;
struct pf_agent_samples;

/* Zero but for these is a valid one; all are kept. */
struct pf_agent_reach {
    struct pf_agent_host *host;
    struct pf_agent_samples *samples;
    const char *agent_path, *invitation; /* "ADDRESS:TOKEN" */
    int stop_fd;                         /* readable: told to stop; < 0: none */
    uint64_t deadline_ns;                /* of the recording; 0: it has not begun */

    struct pf_agent_watch watch;
    struct pf_err last_refusal;
    uint32_t injected;
    uint64_t longest_pause_ns;
    uint64_t next_drain_ns;
};

void pf_agent_reach_fini(struct pf_agent_reach *reach);

/* Into all of them. False: none took it, and nobody said stop; err says why the last did not. */
ASSAY_CHECKED
bool pf_agent_reach_all(struct pf_agent_reach *reach, const struct pf_pid_list *pids,
                        struct pf_err *err);

/* Into those the watch names now. */
void pf_agent_reach_late(struct pf_agent_reach *reach);

#endif
