/*
 * A process the agent is in, and what was found in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_UNDER_LEAKS_PRIV_H
#define HARNESS_RUNNER_UNDER_LEAKS_PRIV_H

#include "harness/runner/plan.h"
#include "profiler/leak/leaks.h"
#include "profiler/session/leaks_asked.h"

enum hn_leaks_role {
    HN_LEAKS_CHILD,  /* started by a test */
    HN_LEAKS_BINARY, /* lists tests and forks lanes */
    HN_LEAKS_LANE,
    HN_LEAKS_TEST,
};

struct hn_leaks_member {
    pid_t pid;
    pid_t test; /* the test's process it belongs to; of a lane: the test it runs; 0: none */
    enum hn_leaks_role role;
    bool is_judged;
    struct pf_leaks found;
    struct pf_err err; /* why it is not judged though it asked */
};

/* under_leaks_tell.c: a member's findings into the attempt of its test. exe: what it ran. */
void hn_leaks_tell(const struct hn_leaks_member *member, const char *exe,
                   struct hn_attempt *attempt, struct pf_arena *arena);

#endif
