/*
 * A binary under Criterion's own engine: what the files that run it share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_CRITERION_PRIV_H
#define HARNESS_RUNNER_CRITERION_PRIV_H

#include "harness/runner/schedule.h"
#include "harness/runner/suite_process.h"

/* For a message between tests. */
enum { HN_NATIVE_PATIENCE_S = 10 };

struct hn_native {
    struct hn_plan *plan;
    const struct hn_schedule *schedule;
    struct hn_tally *tally;
    struct hn_suite suite;
    uint32_t binary;
    struct hn_test *test; /* running now, NULL none or one that was not chosen */
    struct hn_attempt *attempt;
    uint32_t last_index, last_case;
    uint32_t resume_index, resume_case; /* of the test that begins in its middle */
    pid_t worker;                       /* the process it runs in, 0: not known yet */
    uint64_t start_ns, deadline_ns;
    int signal_fd;
    bool is_silent; /* all who could print have ended */
    bool has_ended; /* the test: what comes now is its last output */
    bool is_lost;   /* Criterion's runner said so itself */
    bool stop;
};

/* criterion_take.c: one message of the binary. A test that starts ends the one before. */
void hn_native_take(struct hn_native *native, char *packet, size_t size);

/* The running test is over: what it left behind is cleared away, its verdict told. */
void hn_native_finish(struct hn_native *native);

/* The graver finding wins, and brings its reason. */
void hn_native_worsen(struct hn_attempt *attempt, enum hn_status status, const char *reason);

/* A test that does not run, and why. */
void hn_native_conclude(struct hn_native *native, struct hn_test *test, enum hn_status status,
                        const char *reason);

#endif
