/*
 * A process tree under ptrace, held at the moment each process ends: memory, registers and
 * descriptors are all still there, whatever ended it (exit, _exit, a fatal signal, SIGKILL).
 *
 * Everything else passes through as if nobody watched: signals are delivered as they came, stopped
 * processes stay stopped, children and threads are followed from birth.
 *
 * Source:   ptrace(2), PTRACE_O_TRACEEXIT and "Group-stop".
 * Context:  host; one thread makes all calls.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_AGENT_FOLLOW_H
#define PROFILER_ATTACH_AGENT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/tid_map.h"
#include "profiler/base/err.h"

struct pf_followed {
    pid_t tid, pid;
    bool is_held;  /* stopped at its end */
    bool did_exec; /* the process became another program under our eyes; of its first thread */
    uint64_t held_since_ns;
};

/* All threads of a process that are left are held at its end. */
struct pf_follow_ended {
    pid_t pid;
    const pid_t *tids; /* the held ones */
    uint32_t count;
    bool is_whole; /* none could have been missed */
    bool did_exec; /* what ends was started by exec in our sight, not only forked */
};

struct pf_follow_owner {
    void *to;
    /* The process goes on to its end when this returns. */
    void (*ended)(void *to, const struct pf_follow_ended *ended);
    /* It is another program now, of which nothing has run yet; its memory is gone. */
    void (*execed)(void *to, pid_t pid);
};

struct pf_follow {
    struct pf_followed *threads;
    uint32_t count, capacity;
    struct pf_tid_map index;
    struct pf_follow_owner owner;
    pid_t root;
    int root_status; /* wait status of the root process */
    bool root_ended;
};

/* Seize a child that has not exec'ed yet (pf_spawn.hold); keeps what owner points to.
 * PF_ERR_DENIED says what forbids it. */
ASSAY_CHECKED
bool pf_follow_begin(struct pf_follow *out, pid_t pid, const struct pf_follow_owner *owner,
                     struct pf_err *err);

/* Handle whatever happened to the tree; never blocks. Returns whether any of it still runs. To be
 * called on SIGCHLD. */
bool pf_follow_serve(struct pf_follow *follow);

/* Let go of all that still run and forget them. */
void pf_follow_end_all(struct pf_follow *follow);

#endif
