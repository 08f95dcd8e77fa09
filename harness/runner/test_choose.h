/*
 * Which tests a run is of: what was remembered, chosen, divided among machines, listed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_CHOOSE_H
#define HARNESS_RUNNER_TEST_CHOOSE_H

#include "harness/runner/test_run.h"
#include "profiler/base/sink.h"

/* Fill plan->order. A binary without tests becomes a bad one, unless that is allowed. Where the
 * tests are divided, *shard says how ("2/3@0123abcd"; in the plan's arena), else it is NULL. What a
 * person is to know is on stderr. */
ASSAY_CHECKED
bool hn_test_choose(const struct hn_test_config *config, struct hn_plan *plan, const char **shard,
                    struct pf_err *err);

/* No test chosen is red, but in a shard: the others have what it has not. err says so. */
bool hn_test_is_empty_run(const struct hn_test_config *config, const struct hn_plan *plan,
                          struct pf_err *err);

/* The seed of a shuffled run, as a line. */
void hn_test_put_seed(struct pf_sink *sink, const struct hn_test_config *config);

/* On stdout, nothing else; the exit status. */
int hn_test_print_list(const struct hn_test_config *config, const struct hn_plan *plan,
                       struct pf_err *err);

#endif
