/*
 * What the last run knew: each test's duration and verdict, each binary's stamp.
 *
 * A text file, one entry a line, first line "assay-history 1". What cannot be read is left out: a
 * corrupt history costs balance, never a run.
 *
 *     t STATUS SECONDS ID
 *     b STAMP PATH
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_HISTORY_H
#define HARNESS_RUNNER_HISTORY_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

/* Fill last_duration_s, last_failed and changed. Without a file everything is new and changed.
 * Returns how many lines were unreadable. */
unsigned hn_history_apply(struct hn_plan *plan, struct pf_bytes text);

/* The same from a file; a missing one is no entry at all. */
unsigned hn_history_load(struct hn_plan *plan, const char *path);

/* Old entries of tests that did not run now are kept. Makes the file's directory. */
ASSAY_CHECKED
bool hn_history_save(const struct hn_plan *plan, const char *path, struct pf_err *err);

#endif
