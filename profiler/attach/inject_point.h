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
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/err.h"

struct pf_inject_point {
    struct pf_remote_libc libc;
    struct pf_space space;
    struct pf_mapped_objects objects;
    const char *reason; /* why the last thread was not safe; static text */
};

ASSAY_CHECKED
bool pf_inject_point_init(struct pf_inject_point *out, pid_t pid, struct pf_err *err);
void pf_inject_point_fini(struct pf_inject_point *point);

/* False fills reason. */
bool pf_inject_point_is_safe(struct pf_inject_point *point, struct pf_tracee *tracee);

#endif
