/*
 * An injection done by a process of its own, so that the end of the collector, at any moment and by
 * SIGKILL too, does not become the server's: a thread whose tracer dies inside a borrowed call
 * would return to nowhere. The helper leads its own session (a signal to our group does not reach
 * it), blocks all signals, finishes the call within its deadlines and puts the thread back. If no
 * call is under way when the collector ends, it gives up.
 *
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_INJECT_APART_H
#define PROFILER_ATTACH_INJECT_APART_H

#include "profiler/attach/inject.h"

/* Zero but for result_fd of -1 is a valid ended one. */
struct pf_inject_apart {
    pid_t helper;
    int result_fd; /* readable when the helper has ended its work */
    int cancel_fd; /* its other end is the helper's; see pf_inject_apart_cancel */
};

/* Start one. close_fds (count of them) are not for the helper to keep open: a socket the server
 * would wait at, if nobody answered there any more. */
ASSAY_CHECKED
bool pf_inject_apart_begin(struct pf_inject_apart *out, const struct pf_inject *request,
                           const int *close_fds, unsigned count, struct pf_err *err);

/* The helper looks for a thread no longer; a call under way is brought to its end. */
void pf_inject_apart_cancel(struct pf_inject_apart *apart);

/* Wait for its end, and for what pf_inject would have said. */
ASSAY_CHECKED
bool pf_inject_apart_end(struct pf_inject_apart *apart, struct pf_injection *out,
                         struct pf_err *err);

#endif
