/*
 * What the test said when it took the clock, and how its failures are told.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_CLOCK_CLOCK_CONTROL_H
#define MOCKS_CLOCK_CLOCK_CONTROL_H

#include <stdatomic.h>

enum { MK_CLOCK_NAME_BYTES = 32, MK_CLOCK_OLDER = 16 };

struct mk_clock_control {
    const char *file; /* of clock_fake() */
    int line;
    int controller;            /* the thread that called it */
    int older[MK_CLOCK_OLDER]; /* threads there were before: the runner's; 0 ends */
    int grace_ms, hang_ms;
    _Atomic int stuck; /* waits that were failed */
};
extern struct mk_clock_control mk_clock_control;

/* Fails the test. */
__attribute__((format(printf, 3, 4))) void mk_clock_fail(const char *file, int line,
                                                         const char *fmt, ...);
/* A thread's name, in the caller's MK_CLOCK_NAME_BYTES; "?" if it has none any more. */
const char *mk_clock_name_of(int thread, char *name);

#endif
