/*
 * From what was observed of one test process to one verdict.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_VERDICT_H
#define HARNESS_RUNNER_VERDICT_H

#include "harness/runner/plan.h"

struct hn_shared;

/* What the runner saw from outside. */
struct hn_observed {
    int pid;
    int wait_status;
    bool timed_out;
    bool was_idle; /* timed out, and wanted next to no CPU in the second half of its time */
    bool network_namespace;
    bool has_execed; /* it had become another program */
    bool lane_lost;  /* the process that watched over the test is gone */
    bool lane_stuck; /* and it was killed, because it told nothing any more */
    uint32_t left_over;
    double limit_s, limit_factor; /* the limit that held, and how many times the stated one it is */
    uint64_t duration_ns, user_us, system_us, peak_kib;
};

/* How to look upon findings that are no failed assertion. */
struct hn_policy {
    bool leaks_are_red;     /* open descriptors */
    bool left_over_is_fine; /* --allow-leftovers */
    bool exit_is_fine;      /* --allow-exit: exit(0) in a test passes, as with Criterion alone */
};

/*
 * Fill attempt (status, reason, messages, leaks) from shared, what was observed, and the captured
 * output already in attempt->out and err. Texts live in arena.
 */
void hn_verdict(struct hn_attempt *attempt, struct pf_arena *arena, const struct hn_test *test,
                const struct hn_binary *binary, const struct hn_observed *seen,
                const struct hn_shared *shared, const struct hn_policy *policy);

/* "SIGSEGV"; "signal 70" for one without a name. Static storage, until the next call. */
const char *hn_signal_name(int signal_number);

#endif
