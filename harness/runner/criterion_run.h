/*
 * The other engine: Criterion's own runner, one binary after another, its reports translated.
 *
 * Same plan, same listeners, same verdict names. What Criterion overlooks is judged where it can be
 * seen from outside: processes left behind, exit(0) in a test, a sanitizer's words, a limit for
 * tests without one. What only the fork engine can do is refused, never left out silently.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_CRITERION_RUN_H
#define HARNESS_RUNNER_CRITERION_RUN_H

#include "harness/runner/schedule.h"

struct hn_test_config;

/* False, naming the option and the remedy, if config asks for what only the fork engine can do. */
ASSAY_CHECKED
bool hn_criterion_check(const struct hn_test_config *config, struct pf_err *err);

/* preload: path of libassay-runner.so. Every chosen test has a status afterwards. */
ASSAY_CHECKED
bool hn_criterion_run(struct hn_plan *plan, const char *preload, const struct hn_schedule *schedule,
                      struct hn_tally *tally, struct pf_err *err);

#endif
