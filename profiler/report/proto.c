/* SPDX-License-Identifier: MIT */
#include "profiler/report/proto.h"

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

bool pf_proto_next(struct pf_cursor *cursor, struct pf_proto_field *field)
{
    if (pf_cursor_left(cursor) == 0)
        return false;

    uint64_t tag = pf_cursor_uleb(cursor);
    *field = (struct pf_proto_field){.number = (uint32_t)(tag >> 3)};
    if (tag >> 3 == 0 || tag >> 32)
        cursor->failed = true;
    switch (tag & 7) {
    case WIRE_VARINT:
        field->value = pf_cursor_uleb(cursor);
        break;
    case WIRE_64:
        field->value = pf_cursor_u64(cursor);
        break;
    case WIRE_BYTES:
        field->is_bytes = true;
        field->bytes = pf_cursor_bytes(cursor, pf_cursor_uleb(cursor));
        break;
    case WIRE_32:
        field->value = pf_cursor_u32(cursor);
        break;
    default:
        cursor->failed = true;
        break;
    }
    return !cursor->failed;
}

struct pf_cursor pf_proto_values(const struct pf_proto_field *field)
{
    static const uint8_t one[1];

    /* A lone value is one step of a cursor over one byte. */
    return pf_cursor_view(field->is_bytes ? field->bytes : (struct pf_bytes){one, 1});
}

bool pf_proto_value(const struct pf_proto_field *field, struct pf_cursor *cursor, uint64_t *value)
{
    if (pf_cursor_left(cursor) == 0)
        return false;
    if (field->is_bytes) {
        *value = pf_cursor_uleb(cursor);
    } else {
        *value = field->value;
        (void)pf_cursor_u8(cursor);
    }
    return !cursor->failed;
}

unsigned pf_proto_varint(uint8_t *to, uint64_t value)
{
    unsigned size = 0;

    while (value >= 0x80) {
        to[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    to[size++] = (uint8_t)value;
    return size;
}

void pf_proto_put(struct pf_buf *out, uint32_t number, uint64_t value)
{
    uint8_t bytes[2 * PF_PROTO_VARINT_MAX];

    if (value == 0)
        return;
    unsigned size = pf_proto_varint(bytes, (uint64_t)number << 3 | WIRE_VARINT);
    size += pf_proto_varint(bytes + size, value);
    pf_buf_put(out, bytes, size);
}

void pf_proto_put_bytes(struct pf_buf *out, uint32_t number, const void *bytes, size_t size)
{
    uint8_t head[2 * PF_PROTO_VARINT_MAX];

    unsigned used = pf_proto_varint(head, (uint64_t)number << 3 | WIRE_BYTES);
    used += pf_proto_varint(head + used, size);
    pf_buf_put(out, head, used);
    pf_buf_put(out, bytes, size);
}
