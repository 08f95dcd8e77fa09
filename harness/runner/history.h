/*
 * What was known of each test when it last ran: duration, verdict, the stamp of its binary.
 *
 * A text file, one entry a line, first line "assay-history 2", which may come again: files put
 * together are one. What cannot be read is left out: a corrupt history never costs a run.
 *
 *     t STATUS SECONDS STAMP ID
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_HISTORY_H
#define HARNESS_RUNNER_HISTORY_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

/* Fill last_duration_s, last_failed and last_stamp. Returns how many lines were unreadable. */
unsigned hn_history_apply(struct hn_plan *plan, struct pf_bytes text);

/* The same from a file; a missing one is no entry at all. */
unsigned hn_history_load(struct hn_plan *plan, const char *path);

/* Durations that shards are balanced by, into balance_s. The file must be there and be a history,
 * or machines would divide the tests differently. */
ASSAY_CHECKED
bool hn_history_balance(struct hn_plan *plan, const char *path, struct pf_err *err);

/* Old entries of tests that did not run now are kept. Makes the file's directory. */
ASSAY_CHECKED
bool hn_history_save(const struct hn_plan *plan, const char *path, struct pf_err *err);

#endif
