/*
 * A message that carries descriptors over a local socket.
 *
 * Source: unix(7), SCM_RIGHTS. The agent, which stands on none of this, has its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_FD_PASS_H
#define PROFILER_BASE_FD_PASS_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

enum { PF_FDS_PASSED_MAX = 4 };

/*
 * All of message at once, with the first count of fds (0: none; they stay open here). flags: of
 * send(2); no SIGPIPE comes. False, errno set, if it was not sent; one that a signal interrupts is
 * tried again.
 */
ASSAY_CHECKED
bool pf_fds_send(int to, struct pf_bytes message, const int *fds, unsigned count, int flags);

#endif
