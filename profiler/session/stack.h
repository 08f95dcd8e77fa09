/*
 * The stacks of all threads of a process at this moment, with names, and what each waits for.
 *
 * Each thread is stopped by itself, for as long as copying its stack takes, so a server goes on
 * serving; stacks of different threads are therefore not of one instant. Works on a server that
 * hangs: nothing is asked of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_STACK_H
#define PROFILER_SESSION_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/thread_wait.h"
#include "profiler/base/err.h"
#include "profiler/profile/profile.h"

enum { PF_STACKS_THREADS_MAX = 1 << 16 };

struct pf_stacks_options {
    const pid_t *pids;
    uint32_t pid_count;
    bool with_children; /* and what they started */
    bool skip_inlines;
    unsigned wait_ms; /* for a thread to stop; 0: 200 */
};

struct pf_stacks_thread {
    uint32_t process; /* index */
    pid_t tid;
    struct pf_thread_wait wait;
    uint32_t stack; /* in profile.stacks, PF_NONE: none could be taken, trouble says why */
    bool is_rooted;
    uint64_t pause_ns;
    char trouble[160];
};

struct pf_stacks_process {
    pid_t pid;
    char command[128];
    uint32_t thread_count;
};

/* Zero is a valid empty one. */
struct pf_stacks {
    struct pf_profile profile; /* locations and their names; no samples */
    struct pf_stacks_process *processes;
    uint32_t process_count;
    struct pf_stacks_thread *threads; /* by process, then by thread id */
    uint32_t thread_count;
    uint64_t pause_ns, longest_pause_ns; /* of single threads: in sum, and the longest */
};

/*
 * Errors: PF_ERR_NOT_FOUND for a pid that does not exist; PF_ERR_DENIED where no thread may be
 * looked at, with the remedy. Threads that end meanwhile are left out; one that cannot be stopped
 * stays in the list with its trouble.
 */
ASSAY_CHECKED
bool pf_stacks_take(struct pf_stacks *out, const struct pf_stacks_options *options,
                    struct pf_err *err);
void pf_stacks_fini(struct pf_stacks *stacks);

#endif
