/* SPDX-License-Identifier: MIT */
#include "profiler/base/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/file.h"

enum { SINK_PENDING_BYTES = 64 * 1024, SINK_PRINTF_BYTES = 512 };

void pf_sink_init(struct pf_sink *sink, pf_sink_drain drain, void *to)
{
    *sink = (struct pf_sink){.drain = drain, .to = to};
    sink->pending = pf_mem_new(1, SINK_PENDING_BYTES);
}

void pf_sink_fini(struct pf_sink *sink)
{
    free(sink->pending);
    *sink = (struct pf_sink){0};
}

static void hand_on(struct pf_sink *sink, struct pf_bytes bytes, bool last)
{
    if (!sink->failed && !sink->drain(sink->to, bytes, last, &sink->err))
        sink->failed = true;
}

static void flush(struct pf_sink *sink, bool last)
{
    hand_on(sink, (struct pf_bytes){sink->pending, sink->pending_size}, last);
    sink->pending_size = 0;
}

void pf_sink_put(struct pf_sink *sink, const void *bytes, size_t size)
{
    if (size > SINK_PENDING_BYTES - sink->pending_size)
        flush(sink, false);
    if (size > SINK_PENDING_BYTES) {
        hand_on(sink, (struct pf_bytes){bytes, size}, false);
        return;
    }
    if (size)
        memcpy(sink->pending + sink->pending_size, bytes, size);
    sink->pending_size += size;
}

void pf_sink_put_str(struct pf_sink *sink, const char *text)
{
    pf_sink_put(sink, text, strlen(text));
}

void pf_sink_put_u64(struct pf_sink *sink, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    pf_sink_put(sink, digits + at, sizeof digits - at);
}

void pf_sink_printf(struct pf_sink *sink, const char *fmt, ...)
{
    char small[SINK_PRINTF_BYTES];
    va_list args;

    va_start(args, fmt);
    int length = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (length < 0)
        return;
    if ((size_t)length < sizeof small) {
        pf_sink_put(sink, small, (size_t)length);
        return;
    }

    char *large = pf_mem_new(1, (size_t)length + 1);
    va_start(args, fmt);
    (void)vsnprintf(large, (size_t)length + 1, fmt, args);
    va_end(args);
    pf_sink_put(sink, large, (size_t)length);
    free(large);
}

bool pf_sink_finish(struct pf_sink *sink, struct pf_err *err)
{
    flush(sink, true);
    if (sink->failed)
        *err = sink->err;
    return !sink->failed;
}

bool pf_sink_to_buf(void *to, struct pf_bytes bytes, bool last, struct pf_err *err)
{
    struct pf_buf *buf = to;

    (void)last;
    pf_buf_put(buf, bytes.at, bytes.size);
    if (buf->full)
        return pf_err_set(err, PF_ERR_LIMIT, "output is larger than its buffer may become");
    return true;
}

bool pf_sink_to_fd(void *to, struct pf_bytes bytes, bool last, struct pf_err *err)
{
    const int *fd = to;

    (void)last;
    return pf_file_write_fd(*fd, bytes, "output", err);
}
