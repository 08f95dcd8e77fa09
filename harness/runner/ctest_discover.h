/*
 * The Criterion binaries that CTest knows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_CTEST_DISCOVER_H
#define HARNESS_RUNNER_CTEST_DISCOVER_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

/*
 * Add to plan the binaries of the tests that "ctest --show-only=json-v1" lists in build_dir (NULL:
 * the working directory or its build/, where a CTestTestfile.cmake is), with their
 * WORKING_DIRECTORY and ENVIRONMENT. Programs that are no Criterion suites are left out; one that
 * is not there, and what assay_discover_tests() registered, never is: it becomes a bad binary.
 */
ASSAY_CHECKED
bool hn_ctest_discover(struct hn_plan *plan, const char *build_dir, struct pf_err *err);

/* The same from ctest's text. */
ASSAY_CHECKED
bool hn_ctest_read(struct hn_plan *plan, struct pf_bytes text, struct pf_err *err);

#endif
