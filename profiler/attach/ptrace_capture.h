/*
 * What one thread's stack looked like: registers and stack bytes, taken in one stop as short as can
 * be; everything else (unwinding, names) happens after it runs again.
 *
 * Context: host; a thread is stopped and let go by the same thread of ours (ptrace(2)).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PTRACE_CAPTURE_H
#define PROFILER_ATTACH_PTRACE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/trace/regs.h"

enum { PF_CAPTURE_BYTES_MAX = 4 << 20 };

/* Zero is a valid empty one; reused from thread to thread. */
struct pf_capture {
    struct pf_regs regs;
    uint64_t stack_addr; /* of bytes[0]: the stack pointer */
    uint8_t *bytes;
    size_t size, capacity;
    uint64_t pause_ns; /* from asking it to stop until it ran again */
};

void pf_capture_fini(struct pf_capture *capture);

/*
 * Stop the thread, copy, let it go. stack_bytes is the most that is copied (less where the stack
 * ends before). PF_ERR_NOT_FOUND: it has ended; PF_ERR_DENIED: with the remedy; PF_ERR_LIMIT: it
 * did not stop within wait_ms, as one in uninterruptible sleep does not: it is let go when it wakes
 * or when we end.
 */
ASSAY_CHECKED
bool pf_capture_thread(struct pf_capture *capture, pid_t pid, pid_t tid, size_t stack_bytes,
                       unsigned wait_ms, struct pf_err *err);

#endif
