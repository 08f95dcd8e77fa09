/*
 * Which processes of a recording have no agent, or have one no more: started behind its back
 * (vfork, posix_spawn, an emptied environment), or after an exec, which takes the agent away.
 *
 * A process with the agent is heard: its region's beat moves on. One that falls silent is looked
 * at. One without is given a moment to register by itself, then named to be given the agent; after
 * some refusals it is left alone. All that had none to the end are counted, by reason.
 *
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_WATCH_H
#define PROFILER_SESSION_AGENT_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/proc_tree.h"

struct pf_agent_host;
struct pf_err;

enum { PF_AGENT_REASONS_MAX = 8, PF_AGENT_REASON_PIDS = 4, PF_AGENT_REASON_TEXT = 256 };

/* Why processes have no agent, and the first of them. The last of the reasons stands for all others
 * where there are more. */
struct pf_agent_reason {
    char text[PF_AGENT_REASON_TEXT];
    pid_t pids[PF_AGENT_REASON_PIDS];
    uint32_t count;
};

struct pf_watched {
    pid_t pid;
    uint32_t tries;
    uint64_t next_ns;
    uint32_t reason; /* of the last refusal, in reasons; meaningful once tried */
    bool was_tried;
    bool is_seen; /* by this look */
};

/* Of one of the host's processes, by its place there. */
struct pf_heard {
    uint32_t beat;
    uint64_t moved_ns;
    uint64_t patience_ns; /* silence to be looked into; grows with every look in vain */
};

struct pf_agent_watch {
    struct pf_pid_list roots;
    bool skip_children;
    struct pf_watched *without; /* the agent */
    uint32_t without_count, without_capacity;
    struct pf_heard *heard;
    uint32_t heard_count;
    uint64_t next_ns;
    uint32_t execs;  /* processes that had the agent and did an exec */
    uint32_t missed; /* that had no time to get it before they, or the recording, ended */
    struct pf_agent_reason reasons[PF_AGENT_REASONS_MAX]; /* of those that refused for good */
    uint32_t reason_count;
};

/* Zero is a valid empty one; roots are filled by the caller. */
void pf_agent_watch_fini(struct pf_agent_watch *watch);

/* At times, add to out (emptied first) the processes to be given the agent now. */
void pf_agent_watch_look(struct pf_agent_watch *watch, struct pf_agent_host *host, uint64_t now_ns,
                         struct pf_pid_list *out);

/* It was tried and refused; final: there is no use in trying again. */
void pf_agent_watch_refused(struct pf_agent_watch *watch, pid_t pid, uint64_t now_ns,
                            const struct pf_err *why, bool is_final);

/* The recording ends: whoever has no agent by now is counted, with the reason. */
void pf_agent_watch_finish(struct pf_agent_watch *watch, struct pf_agent_host *host);

#endif
