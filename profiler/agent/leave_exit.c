/*
 * Where a process ends by itself: our exit handler, and the exported _exit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "profiler/agent/leave.h"
#include "profiler/agent/raw_call_x86_64.h"
#include "profiler/agent/regs_here.h"

#define AG_EXPORT __attribute__((visibility("default")))

AG_EXPORT void _exit(int status) __attribute__((noreturn));
AG_EXPORT void _Exit(int status) __attribute__((noreturn));

static __attribute__((noinline)) void leave_now(void)
{
    struct pf_regs regs;
    int kept_errno = errno;

    memset(&regs, 0, sizeof regs);
    ag_regs_here(&regs);
    (void)ag_leave(&regs);
    errno = kept_errno;
}

void _exit(int status)
{
    leave_now();
    for (;;)
        (void)AG_RAW_CALL(SYS_exit_group, (uintptr_t)status);
}

void _Exit(int status)
{
    _exit(status);
}

/* After the program's own exit handlers and destructors. */
static __attribute__((destructor)) void at_end(void)
{
    leave_now();
}

static __attribute__((constructor)) void watch_quick_exit(void)
{
    (void)at_quick_exit(leave_now);
}
