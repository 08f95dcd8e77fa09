/*
 * The other engine: Criterion's own runner, one binary after another, its reports translated.
 *
 * Same plan, same listeners, same verdict names. What only the fork engine can do (stacks,
 * left-over processes, limits for tests without one, retries) is not done here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_CRITERION_RUN_H
#define HARNESS_RUNNER_CRITERION_RUN_H

#include "harness/runner/schedule.h"

/* preload: path of libassay-runner.so. Every chosen test has a status afterwards. */
ASSAY_CHECKED
bool hn_criterion_run(struct hn_plan *plan, const char *preload, const struct hn_schedule *schedule,
                      struct hn_tally *tally, struct pf_err *err);

#endif
