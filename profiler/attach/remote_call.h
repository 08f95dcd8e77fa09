/*
 * Call a function in a stopped thread of another process, and put the thread back as it was.
 *
 * The frame is built below the red zone of the thread's own stack; the return address is 0, so that
 * the return is a fault we wait for. Signals are held back meanwhile (but those a fault makes), and
 * general, vector and signal-mask state are restored.
 *
 * Context: host, from the thread that seized the tracee.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_REMOTE_CALL_H
#define PROFILER_ATTACH_REMOTE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/attach/tracee.h"
#include "profiler/base/err.h"

enum { PF_REMOTE_XSTATE_MAX = 16384, PF_REMOTE_TEXT_MAX = 4096 };

/* A thread prepared for calls. */
struct pf_remote {
    struct pf_tracee *tracee;
    uint64_t sp; /* below everything that must survive */
    uint64_t mask;
    size_t xstate_size;
    uint8_t xstate[PF_REMOTE_XSTATE_MAX];
};

ASSAY_CHECKED
bool pf_remote_begin(struct pf_remote *out, struct pf_tracee *tracee, struct pf_err *err);

/* Put everything back; the tracee is stopped as before. Safe on zero. */
void pf_remote_end(struct pf_remote *remote);

/* Copy a string to the thread's stack; its address there, 0 if it cannot be written. */
uint64_t pf_remote_text(struct pf_remote *remote, const char *text);

/*
 * Call function(first, second) and wait for its result until deadline_ns. On failure (a fault in
 * the function, the end of the process, no return in time) the thread is where it was before.
 */
ASSAY_CHECKED
bool pf_remote_call(struct pf_remote *remote, uint64_t function, const uint64_t args[2],
                    uint64_t deadline_ns, uint64_t *result, struct pf_err *err);

#endif
