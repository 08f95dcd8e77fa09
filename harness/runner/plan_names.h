/*
 * What binaries are called in ids, whatever order they were given in.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_PLAN_NAMES_H
#define HARNESS_RUNNER_PLAN_NAMES_H

#include "harness/runner/plan.h"

/*
 * The last component of the path. Where several share it, "name@directory", with as many
 * directories
 * ("name@upper.lower") as tell them apart; the same file given twice gets a number, "name@dir~2".
 */
void hn_plan_name_binaries(struct hn_plan *plan);

#endif
