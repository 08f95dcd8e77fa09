/*
 * Can this file be run as a Criterion suite? Judged from its ELF headers, before it is started.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_BINARY_CHECK_H
#define HARNESS_RUNNER_BINARY_CHECK_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

/*
 * Fill kind, problem, sanitizer, gcov and stamp from binary->path. A file that is no suite is not
 * an error of ours: kind is HN_BINARY_BAD and problem says why, with the remedy. Texts live in
 * arena.
 */
void hn_binary_check(struct hn_binary *binary, struct pf_arena *arena);

#endif
