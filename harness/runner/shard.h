/*
 * The part of a plan that one of N machines runs.
 *
 * Machines do not speak with each other: a part must follow from what all of them have alike, or a
 * test is in none. Plainly that is the id of a test alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SHARD_H
#define HARNESS_RUNNER_SHARD_H

#include "harness/runner/plan.h"

/*
 * Keep shard (1..count) of the order. Without balance a hash of each test's id decides, so that no
 * machine can lose a test, whatever it remembers and however many tests another has. With balance:
 * by balance_s of the tests, longest first onto the lightest shard, ties by id; a test without one
 * counts as the mean of the others (1 ms where there is none).
 *
 * Returns the fingerprint of the whole partition: machines with the same one complete each other.
 */
uint32_t hn_shard(struct hn_plan *plan, unsigned shard, unsigned count, bool balance);

#endif
