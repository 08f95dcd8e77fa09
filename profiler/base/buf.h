/*
 * A byte buffer that grows.
 *
 * Appending never fails for lack of memory (see arena.h on that), but a buffer has a maximum: what
 * would pass it is dropped and full is set, which the owner must look at.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_BUF_H
#define PROFILER_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

struct pf_buf {
    uint8_t *at;
    size_t size;
    size_t capacity;
    size_t max; /* 0: 4 GiB */
    bool full;
};

void pf_buf_fini(struct pf_buf *buf);
void pf_buf_reset(struct pf_buf *buf);
void pf_buf_put(struct pf_buf *buf, const void *bytes, size_t size);
void pf_buf_put_str(struct pf_buf *buf, const char *text);
void pf_buf_printf(struct pf_buf *buf, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* The bytes as a view, valid until the next put. */
struct pf_bytes pf_buf_view(const struct pf_buf *buf);

/* The bytes as a string, NUL appended but not counted; valid until the next put. */
const char *pf_buf_cstr(struct pf_buf *buf);

#endif
