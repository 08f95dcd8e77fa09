/*
 * Where a writer's bytes go: a file descriptor or a buffer, batched, optionally through a filter.
 *
 * Every report format is a function from a profile to a sink. Errors are sticky: writers put
 * without asking and pf_sink_finish says whether all of it arrived.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_SINK_H
#define PROFILER_BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

/* Takes all of bytes or fills err. last is true exactly once, on the final call, even with no
 * bytes. */
typedef bool (*pf_sink_drain)(void *to, struct pf_bytes bytes, bool last, struct pf_err *err);

struct pf_sink {
    pf_sink_drain drain;
    void *to;
    uint8_t *pending;
    size_t pending_size;
    bool failed;
    struct pf_err err;
};

/* to and what it points to must outlive the sink. */
void pf_sink_init(struct pf_sink *sink, pf_sink_drain drain, void *to);
void pf_sink_fini(struct pf_sink *sink);

void pf_sink_put(struct pf_sink *sink, const void *bytes, size_t size);
void pf_sink_put_str(struct pf_sink *sink, const char *text);
void pf_sink_put_u64(struct pf_sink *sink, uint64_t value); /* decimal */
void pf_sink_printf(struct pf_sink *sink, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* Hand on what is pending. False if any put since init did not arrive. Call once. */
ASSAY_CHECKED
bool pf_sink_finish(struct pf_sink *sink, struct pf_err *err);

/* Drains: to is a struct pf_buf, or an int file descriptor. */
bool pf_sink_to_buf(void *to, struct pf_bytes bytes, bool last, struct pf_err *err);
bool pf_sink_to_fd(void *to, struct pf_bytes bytes, bool last, struct pf_err *err);

#endif
