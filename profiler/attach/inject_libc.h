/*
 * Where a process has its loader's functions: addresses of dlopen, dlsym, dlerror in its libc.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_INJECT_LIBC_H
#define PROFILER_ATTACH_INJECT_LIBC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

struct pf_remote_libc {
    uint64_t libc_start, libc_end;     /* all mappings of libc.so.6 */
    uint64_t loader_start, loader_end; /* and of ld-linux */
    uint64_t dlopen_addr, dlsym_addr, dlerror_addr;
};

ASSAY_CHECKED
bool pf_remote_libc_find(struct pf_remote_libc *out, pid_t pid, struct pf_err *err);

#endif
