/*
 * Is it pprof's profile.proto? Protobuf has no magic: the first field must look like a sample type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/report/pprof_fields.h"
#include "profiler/report/proto.h"
#include "profiler/report/readers_priv.h"

bool pf_pprof_looks_like(struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;

    /* Every known writer begins with a sample type; its two indices fill the message. */
    if (!pf_proto_next(&cursor, &field) || field.number != PPROF_SAMPLE_TYPE || !field.is_bytes
        || field.bytes.size > (size_t)2 * (1 + PF_PROTO_VARINT_MAX))
        return false;
    cursor = pf_cursor_view(field.bytes);
    while (pf_proto_next(&cursor, &field))
        if (field.number != PPROF_TYPE_TYPE && field.number != PPROF_TYPE_UNIT)
            return false;
    return !cursor.failed;
}
