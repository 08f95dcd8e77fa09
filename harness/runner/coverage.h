/*
 * Coverage of a run: gcov's counters, kept through crashes and time limits, summed up by gcovr.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_COVERAGE_H
#define HARNESS_RUNNER_COVERAGE_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

/* Is any binary of the plan built with --coverage? The error names the flag to build with. */
ASSAY_CHECKED
bool hn_coverage_check(const struct hn_plan *plan, struct pf_err *err);

/*
 * Run gcovr over the counters below object_dir: summary on stdout, Cobertura to DIR/coverage.xml, a
 * page to DIR/coverage.html. root is the source directory.
 */
ASSAY_CHECKED
bool hn_coverage_report(const char *object_dir, const char *root, const char *dir,
                        struct pf_err *err);

#endif
