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

enum { PF_REMOTE_WAITS_MAX = 48 };

struct pf_remote_code {
    uint64_t start, end;
};

struct pf_remote_libc {
    struct pf_remote_code libc, loader, allocator; /* all mappings; allocator: malloc's library, if
                                                      it is another; zeros: none */
    uint64_t dlopen_addr, dlsym_addr, dlerror_addr;
    struct pf_remote_code waits[PF_REMOTE_WAITS_MAX]; /* functions of libc in which a thread waits,
                                                         or sets its mask: none of them, nor what
                                                         they call, takes a lock of libc's */
    uint32_t wait_count;
};

/* Does code hold this address? */
static inline bool pf_remote_code_has(const struct pf_remote_code *code, uint64_t pc)
{
    return pc >= code->start && pc < code->end;
}

ASSAY_CHECKED
bool pf_remote_libc_find(struct pf_remote_libc *out, pid_t pid, struct pf_err *err);

#endif
