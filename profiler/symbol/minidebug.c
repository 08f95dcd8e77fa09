/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/minidebug.h"

#include <lzma.h>

static const uint64_t DICTIONARY_BYTES_MAX = 192 << 20;

static bool unpack_all(lzma_stream *stream, struct pf_buf *out, struct pf_err *err)
{
    uint8_t chunk[1 << 14];

    for (;;) {
        stream->next_out = chunk;
        stream->avail_out = sizeof chunk;
        lzma_ret result = lzma_code(stream, LZMA_FINISH);

        pf_buf_put(out, chunk, sizeof chunk - stream->avail_out);
        if (result == LZMA_STREAM_END)
            return true;
        if (out->full)
            return pf_err_set(err, PF_ERR_LIMIT, ".gnu_debugdata: unpacks to more than %d MiB",
                              PF_MINIDEBUG_BYTES_MAX >> 20);
        if (result != LZMA_OK)
            return pf_err_set(err, PF_ERR_FORMAT, ".gnu_debugdata: %s",
                              result == LZMA_BUF_ERROR ? "ends too early" : "not xz data");
    }
}

bool pf_minidebug_unpack(struct pf_buf *out, struct pf_bytes packed, struct pf_err *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;

    if (lzma_stream_decoder(&stream, DICTIONARY_BYTES_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, ".gnu_debugdata: no xz decoder");
    stream.next_in = packed.at;
    stream.avail_in = packed.size;
    out->max = PF_MINIDEBUG_BYTES_MAX;

    bool ok = unpack_all(&stream, out, err);
    lzma_end(&stream);
    return ok;
}
