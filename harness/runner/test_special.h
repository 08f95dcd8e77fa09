/*
 * A second process of a binary for tests that need more than a plain one: with budgets under
 * callgrind or the counter of allocations, for torture with the agent.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_SPECIAL_H
#define HARNESS_RUNNER_TEST_SPECIAL_H

#include "harness/runner/test_load.h"

/* hn_schedule.start_special; self is the hn_loaded. */
bool hn_start_special(void *self, struct hn_suite *out, uint32_t binary, unsigned kind,
                      struct pf_err *err);

/* What hn_special_memory_problem returns where calls of malloc do not reach the agent. */
extern const char hn_own_allocator[];

/* Why memory of this binary cannot be judged, which was started with the agent. NULL: it can. */
const char *hn_special_memory_problem(struct hn_loaded *loaded, const struct hn_suite *suite);

#endif
