/*
 * Torture: a test again and again, each time with another call failing.
 *
 * The mock runtime counts and fails the calls (assay/torture_hook.h) and tells it in a file; this
 * reads it and judges.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TORTURE_H
#define HARNESS_RUNNER_TORTURE_H

#include "harness/runner/plan.h"

/* An empty file in memory to write to; *fd is made if it is 0. */
void hn_torture_reset(int *fd);

/* A run with a call failing has ended: a failed assertion is what that may cause, and passes. */
void hn_torture_forgive(struct hn_attempt *attempt, int fd);

/*
 * A run with call nth failing (0: none, they were counted) has ended. Failed assertions are what a
 * failing call may cause and pass; all else that is red names the call. Returns whether call nth +
 * 1 is to be tried. In the counting run a test that met no call at all is red: it would prove
 * nothing.
 */
bool hn_torture_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                      const struct hn_test *test, int fd, unsigned nth);

/* What the file says. */
struct hn_torture_log {
    bool has_calls, has_failed;
    unsigned long calls;
    char unwrapped[192]; /* names that no call can be made to fail by: "opn, writev" */
    char failed[192];    /* "malloc (ENOMEM), called from store_put" */
};
void hn_torture_read(struct hn_torture_log *out, const char *text);

#endif
