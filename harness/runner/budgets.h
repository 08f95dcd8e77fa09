/*
 * Budgets of instructions and allocations: what a run needs to judge them, and callgrind's answer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_BUDGETS_H
#define HARNESS_RUNNER_BUDGETS_H

#include <sys/types.h>

#include "harness/runner/schedule.h"

struct hn_shared;

/* enum hn_special: HN_PLAIN unless the test said that it cannot be judged in a plain process. */
unsigned hn_special_needed(const struct hn_shared *shared);

/* Compare each block's dumps by callgrind with its limit; all dumps are removed. Returns what the
 * test's own process pid executed. */
uint64_t hn_budgets_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                          const struct hn_shared *shared, const struct hn_tool *callgrind,
                          pid_t pid);

/* Under another tool of valgrind nobody counts: warn. */
void hn_budgets_refuse(struct hn_attempt *attempt, struct pf_arena *arena,
                       const struct hn_shared *shared, const char *tool);

#endif
