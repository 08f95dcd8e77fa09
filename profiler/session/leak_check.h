/*
 * Use case: run a command with the agent inside, judge its memory when it ends.
 *
 * The whole process tree is followed; every process that ends is judged on its own and the records
 * are merged. Where nothing may be traced, processes ask to be looked at when they exit, and an end
 * by a signal is not seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAK_CHECK_H
#define PROFILER_SESSION_LEAK_CHECK_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_leaks;
struct pf_leak_suppress;

struct pf_leak_check {
    char *const *argv;                       /* the command */
    const struct pf_leak_suppress *suppress; /* NULL: none */
};

/*
 * Start it, wait for its end, fill out. The command shares our terminal and process group; signals
 * sent to us are passed on to it, and once it has ended to what is left of its tree.
 * PF_ERR_NOT_FOUND or PF_ERR_DENIED: it cannot be started; PF_ERR_UNSUPPORTED: no agent could enter
 * it (static, set-uid), with what would help. Also PF_ERR_DENIED: a signal ended it where ptrace is
 * not permitted.
 */
ASSAY_CHECKED
bool pf_leak_check_run(struct pf_leaks *out, const struct pf_leak_check *check, struct pf_err *err);

#endif
