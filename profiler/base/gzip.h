/*
 * gzip (RFC 1952) in and out, zlib (RFC 1950) in. The only file that packs and unpacks with zlib.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_GZIP_H
#define PROFILER_BASE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

struct pf_sink;

/* Do the bytes begin like a gzip file? */
bool pf_gzip_is(struct pf_bytes bytes);

/* Append the unpacked bytes to out, of gzip all members, concatenated; PF_ERR_LIMIT beyond max.
 * Whether they are gzip's or zlib's their head says. */
ASSAY_CHECKED
bool pf_gunzip(struct pf_buf *out, struct pf_bytes packed, size_t max, struct pf_err *err);

struct pf_gzip_stream;

/* A filter between two sinks: give pf_gzip_drain and the stream to pf_sink_init of the first. What
 * is packed goes to to, which the stream keeps and its owner finishes. The bytes depend on the
 * input alone: no time, no name. */
struct pf_gzip_stream *pf_gzip_new(struct pf_sink *to);
void pf_gzip_free(struct pf_gzip_stream *stream);
bool pf_gzip_drain(void *stream, struct pf_bytes bytes, bool last, struct pf_err *err);

#endif
