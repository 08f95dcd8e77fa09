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
    bool is_held; /* stopped at its end */
    uint64_t held_since_ns;
};

/* Called with all threads of a process held at its end; tids are those of its held threads. They go
 * on (to their end) when it returns. is_whole: none of them could have been missed. */
typedef void (*pf_follow_end)(void *to, pid_t pid, const pid_t *tids, uint32_t count,
                              bool is_whole);

struct pf_follow {
    struct pf_followed *threads;
    uint32_t count, capacity;
    struct pf_tid_map index;
    pf_follow_end at_end;
    void *to;
    pid_t root;
    int root_status; /* wait status of the root process */
    bool root_ended;
};

/* Seize a child that has not exec'ed yet (pf_spawn.hold). PF_ERR_DENIED says what forbids it. */
ASSAY_CHECKED
bool pf_follow_begin(struct pf_follow *out, pid_t pid, pf_follow_end at_end, void *to,
                     struct pf_err *err);

/* Handle whatever happened to the tree; never blocks. Returns whether any of it still runs. To be
 * called on SIGCHLD. */
bool pf_follow_serve(struct pf_follow *follow);

/* Let go of all that still run and forget them. */
void pf_follow_end_all(struct pf_follow *follow);

#endif
