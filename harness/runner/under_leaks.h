/*
 * --under leaks: the allocation agent in every test's process, and in what the test starts.
 *
 * A thread of ours is the agents' collector. A test's process stands still at the test's end, a
 * process it started at its own exit; each is judged then, and what was lost becomes the test's.
 * Only what was allocated since the test began counts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_UNDER_LEAKS_H
#define HARNESS_RUNNER_UNDER_LEAKS_H

#include <pthread.h>
#include <stdbool.h>

#include "harness/runner/plan.h"
#include "profiler/attach/agent_host.h"

struct hn_leaks_member;

/* Zero is one that was never started. */
struct hn_under_leaks {
    pthread_t thread;
    pthread_mutex_t lock; /* of everything below, once the thread runs */
    bool is_running;
    int stop_fd; /* eventfd */
    struct pf_agent_host host;
    char *agent;      /* path to preload */
    char *invitation; /* "NAME=VALUE" for a binary's environment */
    struct hn_leaks_member *members;
    uint32_t member_count, member_capacity;
};

/* leaks must stay where it is. Fails where the agent is not installed. */
ASSAY_CHECKED
bool hn_under_leaks_start(struct hn_under_leaks *leaks, struct pf_err *err);

/* Why the agent sees nothing in a binary that has listed its tests; NULL if it does. is_blind: it
 * is in there, but calls of malloc do not reach it, nor would they reach memcheck. */
const char *hn_under_leaks_problem(struct hn_under_leaks *leaks, pid_t binary,
                                   struct pf_arena *arena, bool *is_blind);

/* The test of this process has ended: what was found goes into attempt, with its verdict. */
void hn_under_leaks_take(struct hn_under_leaks *leaks, struct hn_attempt *attempt,
                         struct pf_arena *arena);

void hn_under_leaks_fini(struct hn_under_leaks *leaks);

#endif
