/*
 * May a stopped thread be made to call the loader? Judged by its stack.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_INJECT_POINT_H
#define PROFILER_ATTACH_INJECT_POINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/address_space.h"
#include "profiler/attach/inject_libc.h"
#include "profiler/attach/inject_stack.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/err.h"

struct pf_inject_point {
    struct pf_remote_libc libc;
    struct pf_space space;
    struct pf_mapped_objects own;
    struct pf_mapped_objects *objects; /* own, or the caller's */
    struct pf_inject_stack stack;      /* of the thread looked at last */
    const char *reason;                /* why the last thread was not safe; static text */
    bool is_lasting;                   /* it will not be safe at its next stop either */
};

/* objects: what is known already, kept; NULL: nothing. */
ASSAY_CHECKED
bool pf_inject_point_init(struct pf_inject_point *out, pid_t pid, struct pf_mapped_objects *objects,
                          struct pf_err *err);
void pf_inject_point_fini(struct pf_inject_point *point);

/*
 * Is no lock of the loader's or the allocator's held by this thread? False fills reason and
 * is_lasting.
 *
 * A stack is judged in runs, from one signal to the next: a worker that was forked in a handler has
 * a signal in its stack for good, and what was interrupted below it is as it was then.
 */
bool pf_inject_point_is_safe(struct pf_inject_point *point, struct pf_tracee *tracee);

#endif
