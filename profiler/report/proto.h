/*
 * Protocol Buffers' wire format: fields read from bytes, fields written to a buffer.
 *
 * Only what profile.proto needs: varints, packed or not, and length-delimited fields; 32- and
 * 64-bit fields are stepped over. Format: https://protobuf.dev/programming-guides/encoding/
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_PROTO_H
#define PROFILER_REPORT_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/buf.h"
#include "profiler/trace/bytes.h"

struct pf_proto_field {
    uint32_t number;
    bool is_bytes;         /* which of the two is meant */
    uint64_t value;        /* varint */
    struct pf_bytes bytes; /* string, message, packed varints */
};

/* The next field; false at the end or where the bytes are no field (cursor->failed tells). */
bool pf_proto_next(struct pf_cursor *cursor, struct pf_proto_field *field);

/*
 * A repeated varint field may stand alone or packed: call for each occurrence with a cursor over
 * its bytes. Start with *cursor = pf_proto_values(field), then read until false.
 */
struct pf_cursor pf_proto_values(const struct pf_proto_field *field);
bool pf_proto_value(const struct pf_proto_field *field, struct pf_cursor *cursor, uint64_t *value);

enum { PF_PROTO_VARINT_MAX = 10 };

/* Encode a varint at to (room for PF_PROTO_VARINT_MAX); returns its bytes. */
unsigned pf_proto_varint(uint8_t *to, uint64_t value);

/* A varint field; left out when zero, as proto3 does. */
void pf_proto_put(struct pf_buf *out, uint32_t number, uint64_t value);

/* A string, message or packed field. */
void pf_proto_put_bytes(struct pf_buf *out, uint32_t number, const void *bytes, size_t size);

#endif
