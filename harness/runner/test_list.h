/*
 * The tests of a plan, without running them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_LIST_H
#define HARNESS_RUNNER_TEST_LIST_H

#include "harness/runner/plan.h"
#include "profiler/base/sink.h"

/* An id a line, with file and line. */
void hn_list_text(struct pf_sink *sink, const struct hn_plan *plan);

/* {"assay": 1, "tests": [{"id", "binary", "suite", "name", "file", "line", "tags", ...}]} */
void hn_list_json(struct pf_sink *sink, const struct hn_plan *plan);

#endif
