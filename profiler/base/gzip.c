/* SPDX-License-Identifier: MIT */
#define ZLIB_CONST /* next_in points to const */
#include "profiler/base/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"

enum {
    GZIP_STEP_BYTES = 64 * 1024,
    GZIP_WINDOW = 15 + 16,   /* 16: gzip, not zlib */
    EITHER_WINDOW = 15 + 32, /* 32: as the head says */
};

/* Half the time of level 6 for a tenth more bytes. */
enum { GZIP_LEVEL = 4, GZIP_MEMORY = 8 };

bool pf_gzip_is(struct pf_bytes bytes)
{
    const unsigned char *at = bytes.at;

    return bytes.size >= 3 && at[0] == 0x1f && at[1] == 0x8b && at[2] == 8;
}

static void take_input(z_stream *z, struct pf_bytes *left)
{
    size_t size = left->size < UINT_MAX ? left->size : UINT_MAX;

    z->next_in = left->at;
    z->avail_in = (uInt)size;
    *left = (struct pf_bytes){(const uint8_t *)left->at + size, left->size - size};
}

/* One call of inflate, its output appended. */
static int inflate_step(z_stream *z, struct pf_buf *out)
{
    unsigned char step[GZIP_STEP_BYTES];

    z->next_out = step;
    z->avail_out = sizeof step;
    int status = inflate(z, Z_NO_FLUSH);
    pf_buf_put(out, step, sizeof step - z->avail_out);
    return status;
}

static bool inflate_all(z_stream *z, struct pf_buf *out, struct pf_bytes left, size_t limit,
                        struct pf_err *err)
{
    take_input(z, &left);
    for (;;) {
        int status = inflate_step(z, out);
        if (out->size > limit || out->full)
            return pf_err_set(err, PF_ERR_LIMIT, "gzip: unpacks to more than %zu bytes", limit);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return pf_err_set(err, PF_ERR_FORMAT, "gzip: %s", z->msg ? z->msg : "corrupt data");
        if (z->avail_in == 0 && left.size)
            take_input(z, &left);
        if (status == Z_STREAM_END) {
            /* Another member may follow; anything else is padding, as gzip(1) treats it. */
            if (z->avail_in < 2 || z->next_in[0] != 0x1f || z->next_in[1] != 0x8b)
                return true;
            (void)inflateReset(z);
        } else if (z->avail_in == 0 && z->avail_out != 0) {
            return pf_err_set(err, PF_ERR_FORMAT, "gzip: the file ends early: it was cut short");
        }
    }
}

bool pf_gunzip(struct pf_buf *out, struct pf_bytes packed, size_t max, struct pf_err *err)
{
    z_stream z = {0};

    if (inflateInit2(&z, EITHER_WINDOW) != Z_OK)
        return pf_err_set(err, PF_ERR_SYSTEM, "zlib: %s", z.msg ? z.msg : "no memory");
    bool ok = inflate_all(&z, out, packed, out->size + max, err);
    (void)inflateEnd(&z);
    return ok;
}

struct pf_gzip_stream {
    z_stream z;
    struct pf_sink *to;
    unsigned char step[GZIP_STEP_BYTES];
};

struct pf_gzip_stream *pf_gzip_new(struct pf_sink *to)
{
    struct pf_gzip_stream *stream = pf_mem_new(1, sizeof *stream);

    stream->to = to;
    if (deflateInit2(&stream->z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY)
        != Z_OK)
        abort(); /* its only cause is an empty heap: see arena.h */
    return stream;
}

void pf_gzip_free(struct pf_gzip_stream *stream)
{
    if (!stream)
        return;
    (void)deflateEnd(&stream->z);
    free(stream);
}

static void deflate_all(struct pf_gzip_stream *stream, int flush)
{
    z_stream *z = &stream->z;

    do {
        z->next_out = stream->step;
        z->avail_out = sizeof stream->step;
        (void)deflate(z, flush);
        pf_sink_put(stream->to, stream->step, sizeof stream->step - z->avail_out);
    } while (z->avail_out == 0);
}

bool pf_gzip_drain(void *stream, struct pf_bytes bytes, bool last, struct pf_err *err)
{
    struct pf_gzip_stream *gzip = stream;

    do {
        take_input(&gzip->z, &bytes);
        deflate_all(gzip, last && bytes.size == 0 ? Z_FINISH : Z_NO_FLUSH);
    } while (bytes.size);
    if (gzip->to->failed)
        *err = gzip->to->err;
    return !gzip->to->failed;
}
