/*
 * What tests leave behind in the directories they run in.
 *
 * Tests share their working directory, as servers and fixtures are found from it: what one leaves,
 * the next may trip over. So it is told.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_LEFT_FILES_H
#define HARNESS_RUNNER_LEFT_FILES_H

#include "harness/runner/plan.h"

/* Names in the working directories of a plan's binaries. Zero is a valid empty one. */
struct hn_left_files {
    char **paths; /* sorted */
    size_t count;
};

void hn_left_files_remember(struct hn_left_files *before, const struct hn_plan *plan);

/* Fill plan->left_files with what is new since. */
void hn_left_files_find(const struct hn_left_files *before, struct hn_plan *plan);

void hn_left_files_fini(struct hn_left_files *files);

#endif
