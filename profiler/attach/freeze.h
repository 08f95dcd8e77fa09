/*
 * All threads of a process stopped at once, for as short as can be.
 *
 * The list of threads is read again until a pass finds no new one: a thread being created while
 * others stop is caught by the next pass.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_FREEZE_H
#define PROFILER_ATTACH_FREEZE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/tracee.h"
#include "profiler/base/err.h"

/* Zero is a valid empty one. */
struct pf_freeze {
    pid_t pid;
    struct pf_tracee *threads;
    uint32_t count, capacity;
    uint64_t began_ns;
};

/* All or nothing: on failure every thread runs on. PF_ERR_LIMIT: not all stopped by deadline_ns. */
ASSAY_CHECKED
bool pf_freeze_begin(struct pf_freeze *out, pid_t pid, uint64_t deadline_ns, struct pf_err *err);

/* Everybody runs on. Returns the pause in nanoseconds, from the first stop asked for. */
uint64_t pf_freeze_end(struct pf_freeze *freeze);

#endif
