/*
 * A profile as pprof's profile.proto, packed by gzip: what every pprof tool opens.
 *
 * Everything the profile holds is written, in the profile's order, so that reading it back gives
 * the same profile. Ids are index + 1. The format wants valid UTF-8; other bytes become U+FFFD.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/gzip.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/profile.h"
#include "profiler/report/pprof_fields.h"
#include "profiler/report/proto.h"
#include "profiler/report/writers_priv.h"

struct pprof_out {
    const struct pf_profile *profile;
    struct pf_sink *sink;
    struct pf_buf message, inner; /* being made */
    struct pf_buf packed;
};

/* Hand the finished message on as a top-level field. */
static void put_message(struct pprof_out *out, uint32_t number)
{
    uint8_t head[2 * PF_PROTO_VARINT_MAX];
    unsigned size = pf_proto_varint(head, (uint64_t)number << 3 | 2);

    size += pf_proto_varint(head + size, out->message.size);
    pf_sink_put(out->sink, head, size);
    pf_sink_put(out->sink, out->message.at, out->message.size);
    pf_buf_reset(&out->message);
}

static void put_number(struct pprof_out *out, uint32_t number, uint64_t value)
{
    pf_proto_put(&out->message, number, value);
    pf_sink_put(out->sink, out->message.at, out->message.size);
    pf_buf_reset(&out->message);
}

static void put_value_type(struct pprof_out *out, uint32_t number, const struct pf_value_type *type)
{
    pf_proto_put(&out->message, PPROF_TYPE_TYPE, type->type);
    pf_proto_put(&out->message, PPROF_TYPE_UNIT, type->unit);
    put_message(out, number);
}

static void append_varint(struct pf_buf *buf, uint64_t value)
{
    uint8_t bytes[PF_PROTO_VARINT_MAX];

    pf_buf_put(buf, bytes, pf_proto_varint(bytes, value));
}

static void put_label(struct pprof_out *out, const struct pf_label *label)
{
    pf_proto_put(&out->inner, PPROF_LABEL_KEY, label->key);
    pf_proto_put(&out->inner, PPROF_LABEL_STR, label->str);
    pf_proto_put(&out->inner, PPROF_LABEL_NUM, (uint64_t)label->num);
    pf_proto_put(&out->inner, PPROF_LABEL_NUM_UNIT, label->num_unit);
    pf_proto_put_bytes(&out->message, PPROF_SAMPLE_LABEL, out->inner.at, out->inner.size);
    pf_buf_reset(&out->inner);
}

static void put_sample(struct pprof_out *out, uint32_t index)
{
    const struct pf_profile *profile = out->profile;
    const struct pf_sample *sample = pf_profile_sample_at(profile, index);
    const int64_t *values = pf_profile_values_view(profile, index);
    uint32_t frame_count = 0, label_count = 0;
    const uint32_t *frames = pf_profile_stack_view(profile, sample->stack, &frame_count);
    const struct pf_label *labels = pf_profile_labels_view(profile, sample->labels, &label_count);

    for (uint32_t i = 0; i < frame_count; i++)
        append_varint(&out->packed, (uint64_t)frames[i] + 1);
    pf_proto_put_bytes(&out->message, PPROF_SAMPLE_LOCATIONS, out->packed.at, out->packed.size);
    pf_buf_reset(&out->packed);
    for (uint32_t i = 0; i < profile->value_count; i++)
        append_varint(&out->packed, (uint64_t)values[i]);
    pf_proto_put_bytes(&out->message, PPROF_SAMPLE_VALUES, out->packed.at, out->packed.size);
    pf_buf_reset(&out->packed);
    for (uint32_t i = 0; i < label_count; i++)
        put_label(out, &labels[i]);
    put_message(out, PPROF_SAMPLE);
}

static void put_mapping(struct pprof_out *out, uint32_t index)
{
    const struct pf_mapping *mapping = pf_profile_mapping_at(out->profile, index);
    struct pf_buf *to = &out->message;

    pf_proto_put(to, PPROF_MAPPING_ID, (uint64_t)index + 1);
    pf_proto_put(to, PPROF_MAPPING_START, mapping->start);
    pf_proto_put(to, PPROF_MAPPING_LIMIT, mapping->limit);
    pf_proto_put(to, PPROF_MAPPING_OFFSET, mapping->file_offset);
    pf_proto_put(to, PPROF_MAPPING_FILE, mapping->file);
    pf_proto_put(to, PPROF_MAPPING_BUILD_ID, mapping->build_id);
    pf_proto_put(to, PPROF_MAPPING_HAS_FUNCTIONS, mapping->has_functions);
    pf_proto_put(to, PPROF_MAPPING_HAS_FILES, mapping->has_files);
    pf_proto_put(to, PPROF_MAPPING_HAS_LINES, mapping->has_lines);
    pf_proto_put(to, PPROF_MAPPING_HAS_INLINES, mapping->has_inlines);
    put_message(out, PPROF_MAPPING);
}

static void put_location(struct pprof_out *out, uint32_t index)
{
    const struct pf_location *location = pf_profile_location_at(out->profile, index);
    const struct pf_line *lines = pf_profile_lines_view(out->profile, location);
    struct pf_buf *to = &out->message;

    pf_proto_put(to, PPROF_LOCATION_ID, (uint64_t)index + 1);
    if (location->mapping != PF_NONE)
        pf_proto_put(to, PPROF_LOCATION_MAPPING, (uint64_t)location->mapping + 1);
    pf_proto_put(to, PPROF_LOCATION_ADDRESS, location->address);
    for (uint32_t i = 0; i < location->line_count; i++) {
        pf_proto_put(&out->inner, PPROF_LINE_FUNCTION, (uint64_t)lines[i].function + 1);
        pf_proto_put(&out->inner, PPROF_LINE_LINE, lines[i].line);
        pf_proto_put_bytes(to, PPROF_LOCATION_LINE, out->inner.at, out->inner.size);
        pf_buf_reset(&out->inner);
    }
    pf_proto_put(to, PPROF_LOCATION_FOLDED, location->is_folded);
    put_message(out, PPROF_LOCATION);
}

static void put_function(struct pprof_out *out, uint32_t index)
{
    const struct pf_function *function = pf_profile_function_at(out->profile, index);
    struct pf_buf *to = &out->message;

    pf_proto_put(to, PPROF_FUNCTION_ID, (uint64_t)index + 1);
    pf_proto_put(to, PPROF_FUNCTION_NAME, function->name);
    pf_proto_put(to, PPROF_FUNCTION_SYSTEM_NAME, function->system_name);
    pf_proto_put(to, PPROF_FUNCTION_FILE, function->file);
    pf_proto_put(to, PPROF_FUNCTION_START_LINE, (uint64_t)function->start_line);
    put_message(out, PPROF_FUNCTION);
}

static void put_string(struct pprof_out *out, const struct pf_string *string)
{
    if (pf_utf8_is_valid(string->text, string->size)) {
        pf_buf_put(&out->message, string->text, string->size);
    } else {
        size_t room = 3 * (size_t)string->size + 1;
        char *clean = pf_mem_new(1, room);
        pf_utf8_clean(clean, room, string->text, string->size);
        pf_buf_put_str(&out->message, clean);
        free(clean);
    }
    put_message(out, PPROF_STRING);
}

static void put_scalars(struct pprof_out *out)
{
    const struct pf_profile *profile = out->profile;
    const uint32_t *comments = profile->comments.items;

    put_number(out, PPROF_DROP_FRAMES, profile->drop_frames);
    put_number(out, PPROF_KEEP_FRAMES, profile->keep_frames);
    put_number(out, PPROF_TIME_NS, profile->time_ns);
    put_number(out, PPROF_DURATION_NS, profile->duration_ns);
    if (profile->period_type.type || profile->period_type.unit)
        put_value_type(out, PPROF_PERIOD_TYPE, &profile->period_type);
    put_number(out, PPROF_PERIOD, (uint64_t)profile->period);
    for (uint32_t i = 0; i < profile->comments.count; i++)
        append_varint(&out->message, comments[i]);
    if (profile->comments.count)
        put_message(out, PPROF_COMMENT);
    if (profile->value_count)
        put_number(out, PPROF_DEFAULT_TYPE, profile->value_types[profile->default_value].type);
    put_number(out, PPROF_DOC_URL, profile->doc_url);
}

static void put_all(struct pprof_out *out)
{
    const struct pf_profile *profile = out->profile;
    const struct pf_string *strings = profile->strings.items;

    for (uint32_t i = 0; i < profile->value_count; i++)
        put_value_type(out, PPROF_SAMPLE_TYPE, &profile->value_types[i]);
    for (uint32_t i = 0; i < profile->samples.count; i++)
        put_sample(out, i);
    for (uint32_t i = 0; i < profile->mappings.count; i++)
        put_mapping(out, i);
    for (uint32_t i = 0; i < profile->locations.count; i++)
        put_location(out, i);
    for (uint32_t i = 0; i < profile->functions.count; i++)
        put_function(out, i);
    for (uint32_t i = 0; i < profile->strings.count; i++)
        put_string(out, &strings[i]);
    put_scalars(out);
}

bool pf_pprof_write(const struct pf_profile *profile, const struct pf_report_options *options,
                    struct pf_sink *sink, struct pf_err *err)
{
    struct pf_gzip_stream *gzip = pf_gzip_new(sink);
    struct pf_sink plain;
    struct pprof_out out = {.profile = profile, .sink = &plain};

    (void)options;
    pf_sink_init(&plain, pf_gzip_drain, gzip);
    put_all(&out);
    bool ok = pf_sink_finish(&plain, err);

    pf_sink_fini(&plain);
    pf_gzip_free(gzip);
    pf_buf_fini(&out.message);
    pf_buf_fini(&out.inner);
    pf_buf_fini(&out.packed);
    return ok;
}
