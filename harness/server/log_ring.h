/*
 * The last megabytes a server printed, in memory the test's process shares with the supervisor, so
 * that what a server said is there whoever dies.
 *
 * One writer, any number of readers. total counts every byte ever written; byte n stands at
 * n modulo the size. A reader copies, then looks at total again and drops what was overwritten
 * meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_LOG_RING_H
#define HARNESS_SERVER_LOG_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buf.h"

enum { HN_LOG_BYTES = 4 << 20 };

struct hn_log_ring {
    _Atomic uint64_t total;
    _Atomic uint64_t claimed; /* total after the write in progress */
    char bytes[HN_LOG_BYTES];
};

/* Writer. */
void hn_log_put(struct hn_log_ring *log, const char *bytes, size_t size);

/*
 * Append what was written after position since to out, at most the last max bytes; when older bytes
 * are gone or cut a line saying how many stands before. Returns the position of the end.
 */
uint64_t hn_log_copy(struct pf_buf *out, const struct hn_log_ring *log, uint64_t since, size_t max);

#endif
