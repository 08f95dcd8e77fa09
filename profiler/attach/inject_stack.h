/*
 * The stack of a stopped thread, with the places where signals interrupted it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_INJECT_STACK_H
#define PROFILER_ATTACH_INJECT_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/attach/tracee.h"
#include "profiler/unwind/step.h"

enum { PF_INJECT_FRAMES_MAX = 1024 };

struct pf_inject_stack {
    uint32_t count;
    bool is_rooted;
    bool is_alternate; /* it runs on a stack made for signal handlers: there is little room */
    uint64_t pcs[PF_INJECT_FRAMES_MAX];
    bool is_interrupted[PF_INJECT_FRAMES_MAX]; /* by a signal, whose frame is the one before */
};

void pf_inject_stack_walk(struct pf_inject_stack *out, struct pf_tracee *tracee,
                          const struct pf_code_map *map);

#endif
