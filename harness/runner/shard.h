/*
 * The part of a plan that one of N machines runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SHARD_H
#define HARNESS_RUNNER_SHARD_H

#include "harness/runner/plan.h"

/*
 * Keep shard (1..count) of the order. Balanced by the last run's durations: longest first onto the
 * lightest shard, ties by id, so that every machine with the same history computes the same parts.
 * A test without history counts as the mean of the others (1 ms where there is none).
 */
void hn_shard(struct hn_plan *plan, unsigned shard, unsigned count);

#endif
