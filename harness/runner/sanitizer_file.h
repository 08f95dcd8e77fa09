/*
 * A sanitizer's report where the user's own options put it: ASAN_OPTIONS=log_path=PREFIX.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SANITIZER_FILE_H
#define HARNESS_RUNNER_SANITIZER_FILE_H

#include <sys/types.h>

#include "profiler/base/arena.h"

/* What the process pid reported into PREFIX.PID; NULL if nothing, or if no option names a prefix.
 * dir: where it ran, NULL here. */
const char *hn_sanitizer_file(pid_t pid, const char *dir, struct pf_arena *arena);

#endif
