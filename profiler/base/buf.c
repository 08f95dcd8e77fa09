/* SPDX-License-Identifier: MIT */
#include "profiler/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"

enum { BUF_FIRST_CAPACITY = 256 };
static const size_t buf_default_max = (size_t)4 << 30;

void pf_buf_fini(struct pf_buf *buf)
{
    free(buf->at);
    *buf = (struct pf_buf){0};
}

void pf_buf_reset(struct pf_buf *buf)
{
    buf->size = 0;
    buf->full = false;
}

/* Room for extra more bytes and a NUL; false when the maximum forbids it. */
static bool reserve(struct pf_buf *buf, size_t extra)
{
    size_t max = buf->max ? buf->max : buf_default_max;

    if (extra > max - buf->size) {
        buf->full = true;
        return false;
    }
    if (buf->size + extra + 1 <= buf->capacity)
        return true;

    size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_CAPACITY;
    while (capacity < buf->size + extra + 1)
        capacity *= 2;
    buf->at = pf_mem_resize(buf->at, capacity, 1);
    buf->capacity = capacity;
    return true;
}

void pf_buf_put(struct pf_buf *buf, const void *bytes, size_t size)
{
    if (size == 0 || !reserve(buf, size))
        return;
    memcpy(buf->at + buf->size, bytes, size);
    buf->size += size;
}

void pf_buf_put_str(struct pf_buf *buf, const char *text)
{
    pf_buf_put(buf, text, strlen(text));
}

void pf_buf_printf(struct pf_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0 || !reserve(buf, (size_t)length))
        return;

    va_start(args, fmt);
    (void)vsnprintf((char *)buf->at + buf->size, (size_t)length + 1, fmt, args);
    va_end(args);
    buf->size += (size_t)length;
}

struct pf_bytes pf_buf_view(const struct pf_buf *buf)
{
    return (struct pf_bytes){buf->at, buf->size};
}

const char *pf_buf_cstr(struct pf_buf *buf)
{
    if (!reserve(buf, 0))
        return "";
    buf->at[buf->size] = 0;
    return (const char *)buf->at;
}
