/*
 * The one way a function of ours reports failure.
 *
 * A fallible function returns bool and takes a struct pf_err last. The caller owns it, usually on
 * the stack; nothing here allocates or keeps state. A message states the fact, then the cause,
 * naming the object, and where a person can act says how.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_ERR_H
#define PROFILER_BASE_ERR_H

#include <stdbool.h>

#define ASSAY_CHECKED __attribute__((warn_unused_result))
#define ASSAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum pf_err_code {
    PF_ERR_NONE,
    PF_ERR_USAGE,       /* the request itself is wrong: exit 2 */
    PF_ERR_NOT_FOUND,   /* no such process, file, symbol: exit 2 */
    PF_ERR_DENIED,      /* permitted to somebody else: exit 3 */
    PF_ERR_UNSUPPORTED, /* this machine or build cannot: exit 3 */
    PF_ERR_FORMAT,      /* the bytes are not what they claim: exit 2 */
    PF_ERR_LIMIT,       /* a stated maximum was reached: exit 3 */
    PF_ERR_SYSTEM,      /* a system call said no, see sys_errno: exit 3 */
    PF_ERR_INTERRUPTED, /* the user asked to stop: exit 3 */
};

struct pf_err {
    enum pf_err_code code;
    int sys_errno; /* 0 unless a system call is the cause */
    char text[512];
};

/* Fill err and return false, so that a failure is one line: return pf_err_set(err, ...). */
bool pf_err_set(struct pf_err *err, enum pf_err_code code, const char *fmt, ...) ASSAY_PRINTF(3, 4);

/*
 * The same for a system call that set errno. Appends ": " and the system's words. EACCES and EPERM
 * become PF_ERR_DENIED, ENOENT and ESRCH PF_ERR_NOT_FOUND, all others PF_ERR_SYSTEM.
 */
bool pf_err_sys(struct pf_err *err, int sys_errno, const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* Put context before the text already there, "CONTEXT: TEXT". Returns false. */
bool pf_err_prepend(struct pf_err *err, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* The exit status of DESIGN's contract for a code: 2 wrong usage or input, 3 it could not be done.
 */
int pf_err_exit_status(enum pf_err_code code);

#endif
