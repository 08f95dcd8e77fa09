/*
 * Start every binary of a plan and learn its tests, several at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_PLAN_LOAD_H
#define HARNESS_RUNNER_PLAN_LOAD_H

#include "harness/runner/suite_process.h"

struct hn_load_spec {
    const char *preload;
    const char *agent, *invitation; /* as in hn_suite_spec; not for sanitizer builds */
    const char *const *wrapper;
    const char *engine;
    unsigned deadline_s; /* for a binary to list its tests */
};

/* Enter a file into the plan; checks it, does not start it. */
void hn_plan_add_binary(struct hn_plan *plan, const char *path, const char *working_dir);

/*
 * suites has room for plan->binary_count. A binary that cannot be used gets kind HN_BINARY_BAD and
 * a problem; the others are left running, ready to open lanes. Tests are in the order of the
 * binaries.
 */
ASSAY_CHECKED
bool hn_plan_load(struct hn_plan *plan, struct hn_suite *suites, const struct hn_load_spec *spec,
                  struct pf_err *err);

#endif
