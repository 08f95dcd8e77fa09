/*
 * Plans made by hand, for unit tests.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_HARNESS_RUNNER_PLAN_SUPPORT_H
#define TESTS_UNIT_HARNESS_RUNNER_PLAN_SUPPORT_H

#include "harness/runner/plan.h"

/* One binary "bin" and a test a "suite/name" given; NULL ends. */
struct hn_plan ts_plan(const char *const *ids);

/* The order as "a b c": last parts of the ids. */
const char *ts_plan_order(const struct hn_plan *plan);

#endif
