/*
 * Snapshots: what a test's content was when it was last approved.
 *
 * One file a snapshot, snapshots/SUITE.TEST.N.snap beside the test's source, text or canonical JSON
 * (keys sorted, two spaces). Redactions are applied before writing as well as before comparing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SNAPSHOTS_H
#define HARNESS_RUNNER_SNAPSHOTS_H

#include "harness/runner/plan.h"

struct hn_shared;
struct hn_snapshot_book;

struct hn_snapshots {
    bool update;                   /* --update-snapshots */
    bool refuse_missing;           /* in CI; obsolete ones are refused, too */
    struct hn_snapshot_book *book; /* filled by the judge; NULL: none is kept */
};

/* Compare every snapshot the test sent; findings become messages, a mismatch is a failure. */
void hn_snapshots_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                        const struct hn_test *test, const struct hn_shared *shared,
                        const struct hn_snapshots *options);

/* "SUITE.TEST" in characters that every file system takes. */
void hn_snapshot_name(char *out, size_t size, const struct hn_test *test);

/*
 * content in its canonical form: redactions is a NULL-terminated list; JSON pointers ("/a/" "*"
 * "/b") replace a value with "[redacted]", regular expressions (extended) each match with
 * [redacted]. False with *problem for a regular expression that does not compile.
 */
bool hn_snapshot_canonical(struct pf_buf *out, const char *content, const char *const *redactions,
                           const char **problem);

/* Lines that differ, "-" from before, "+" from after, with three lines around; at most 200 lines.
 * Bytes that cannot be seen, blanks at the end among them, are shown as \r, \t or \x20. */
void hn_snapshot_diff(struct pf_buf *out, const char *before, const char *after);

#endif
