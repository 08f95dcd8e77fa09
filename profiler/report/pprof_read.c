/*
 * pprof's profile.proto, unpacked, into a profile.
 *
 * A message may refer to one that stands after it, so the top level is walked once for each kind:
 * strings, then what needs only strings, then functions, mappings, locations, samples. Ids are the
 * file's own; indices into its string table are checked. A location's source column is not kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/report/id_map.h"
#include "profiler/report/pprof_fields.h"
#include "profiler/report/proto.h"
#include "profiler/report/readers_priv.h"

enum { PPROF_LINES_MAX = 1024, PPROF_LABELS_MAX = 1024, PPROF_STACK_MAX = 1 << 20 };

struct pprof_in {
    struct pf_profile *out;
    struct pf_err *err;
    uint32_t *strings; /* the file's index to ours */
    uint32_t string_count, string_capacity;
    struct pf_id_map functions, mappings, locations;
    uint32_t *stack; /* of the sample being read */
    uint32_t stack_count, stack_capacity;
    uint64_t default_type;
    bool failed;
};

/* Each kind of message has one of these; false ends the reading, in->err is filled. */
typedef bool (*read_message)(struct pprof_in *in, struct pf_bytes bytes);

static bool say(struct pprof_in *in, const char *what)
{
    return pf_err_set(in->err, PF_ERR_FORMAT, "pprof: %s", what);
}

static bool say_missing(struct pprof_in *in, const char *from, const char *to, uint64_t id)
{
    return pf_err_set(in->err, PF_ERR_FORMAT,
                      "pprof: a %s refers to %s %" PRIu64 ", which is not there", from, to, id);
}

/* A message's fields must end where it ends. */
static bool ended(struct pprof_in *in, const struct pf_cursor *cursor, const char *kind)
{
    if (in->failed)
        return false;
    if (cursor->failed)
        return pf_err_set(in->err, PF_ERR_FORMAT, "pprof: a %s is cut short or malformed", kind);
    return true;
}

/* The file's string index as ours. */
static uint32_t string_of(struct pprof_in *in, uint64_t index)
{
    if (index < in->string_count)
        return in->strings[index];
    if (index == 0 || in->failed)
        return 0;
    in->failed = true;
    (void)say_missing(in, "message", "string", index);
    return 0;
}

static bool read_string(struct pprof_in *in, struct pf_bytes bytes)
{
    if (in->string_count == in->string_capacity) {
        in->string_capacity = in->string_capacity ? in->string_capacity * 2 : 256;
        in->strings = pf_mem_resize(in->strings, in->string_capacity, sizeof *in->strings);
    }
    if (in->string_count == 0 && bytes.size)
        return say(in, "the first string is not empty");
    in->strings[in->string_count++] = pf_profile_string_n(in->out, bytes.at, bytes.size);
    return true;
}

static bool read_value_type(struct pprof_in *in, struct pf_bytes bytes, struct pf_value_type *type)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;

    *type = (struct pf_value_type){0};
    while (pf_proto_next(&cursor, &field))
        if (field.number == PPROF_TYPE_TYPE)
            type->type = string_of(in, field.value);
        else if (field.number == PPROF_TYPE_UNIT)
            type->unit = string_of(in, field.value);
    return ended(in, &cursor, "value type");
}

static bool read_sample_type(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_profile *out = in->out;
    struct pf_value_type type;

    if (!read_value_type(in, bytes, &type))
        return false;
    if (out->value_count == PF_PROFILE_VALUES_MAX)
        return pf_err_set(in->err, PF_ERR_LIMIT, "pprof: more than %d sample types",
                          PF_PROFILE_VALUES_MAX);
    out->value_types[out->value_count++] = type;
    return true;
}

static bool read_comment(struct pprof_in *in, uint64_t index)
{
    uint32_t string = string_of(in, index);

    if (!in->failed)
        pf_profile_comment(in->out, string);
    return !in->failed;
}

/* Top-level fields that need nothing but the strings. */
static bool read_scalar(struct pprof_in *in, const struct pf_proto_field *field)
{
    struct pf_profile *out = in->out;
    struct pf_cursor values = pf_proto_values(field);
    uint64_t value = 0;

    switch (field->number) {
    case PPROF_SAMPLE_TYPE:
        return read_sample_type(in, field->bytes);
    case PPROF_PERIOD_TYPE:
        return read_value_type(in, field->bytes, &out->period_type);
    case PPROF_DROP_FRAMES:
        out->drop_frames = string_of(in, field->value);
        break;
    case PPROF_KEEP_FRAMES:
        out->keep_frames = string_of(in, field->value);
        break;
    case PPROF_TIME_NS:
        out->time_ns = field->value;
        break;
    case PPROF_DURATION_NS:
        out->duration_ns = field->value;
        break;
    case PPROF_PERIOD:
        out->period = (int64_t)field->value;
        break;
    case PPROF_DEFAULT_TYPE:
        in->default_type = field->value;
        break;
    case PPROF_DOC_URL:
        out->doc_url = string_of(in, field->value);
        break;
    case PPROF_COMMENT:
        while (pf_proto_value(field, &values, &value))
            if (!read_comment(in, value))
                return false;
        return ended(in, &values, "comment");
    default:
        break;
    }
    return !in->failed;
}

static bool read_function(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_function function = {0};
    struct pf_proto_field field;
    uint64_t id = 0;

    while (pf_proto_next(&cursor, &field))
        switch (field.number) {
        case PPROF_FUNCTION_ID:
            id = field.value;
            break;
        case PPROF_FUNCTION_NAME:
            function.name = string_of(in, field.value);
            break;
        case PPROF_FUNCTION_SYSTEM_NAME:
            function.system_name = string_of(in, field.value);
            break;
        case PPROF_FUNCTION_FILE:
            function.file = string_of(in, field.value);
            break;
        case PPROF_FUNCTION_START_LINE:
            function.start_line = (int64_t)field.value;
            break;
        default:
            break;
        }
    if (!ended(in, &cursor, "function"))
        return false;
    if (id == 0 || !pf_id_map_add(&in->functions, id, pf_profile_function(in->out, &function)))
        return say(in, "two functions have one id, or one has none");
    return true;
}

static void read_mapping_field(struct pprof_in *in, const struct pf_proto_field *field,
                               struct pf_mapping *mapping)
{
    switch (field->number) {
    case PPROF_MAPPING_START:
        mapping->start = field->value;
        break;
    case PPROF_MAPPING_LIMIT:
        mapping->limit = field->value;
        break;
    case PPROF_MAPPING_OFFSET:
        mapping->file_offset = field->value;
        break;
    case PPROF_MAPPING_FILE:
        mapping->file = string_of(in, field->value);
        break;
    case PPROF_MAPPING_BUILD_ID:
        mapping->build_id = string_of(in, field->value);
        break;
    case PPROF_MAPPING_HAS_FUNCTIONS:
        mapping->has_functions = field->value != 0;
        break;
    case PPROF_MAPPING_HAS_FILES:
        mapping->has_files = field->value != 0;
        break;
    case PPROF_MAPPING_HAS_LINES:
        mapping->has_lines = field->value != 0;
        break;
    case PPROF_MAPPING_HAS_INLINES:
        mapping->has_inlines = field->value != 0;
        break;
    default:
        break;
    }
}

static bool read_mapping(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_mapping mapping = {0};
    struct pf_proto_field field;
    uint64_t id = 0;

    while (pf_proto_next(&cursor, &field))
        if (field.number == PPROF_MAPPING_ID)
            id = field.value;
        else
            read_mapping_field(in, &field, &mapping);
    if (!ended(in, &cursor, "mapping"))
        return false;
    if (id == 0 || !pf_id_map_add(&in->mappings, id, pf_profile_mapping(in->out, &mapping)))
        return say(in, "two mappings have one id, or one has none");
    return true;
}

static bool read_line(struct pprof_in *in, struct pf_bytes bytes, struct pf_line *line)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;
    uint64_t function = 0;

    *line = (struct pf_line){0};
    while (pf_proto_next(&cursor, &field))
        if (field.number == PPROF_LINE_FUNCTION)
            function = field.value;
        else if (field.number == PPROF_LINE_LINE)
            line->line = field.value <= UINT32_MAX ? (uint32_t)field.value : 0;
    if (!ended(in, &cursor, "line"))
        return false;
    if (!pf_id_map_find(&in->functions, function, &line->function))
        return say_missing(in, "line", "function", function);
    return true;
}

struct location_in {
    uint64_t id;
    struct pf_location location;
    struct pf_line lines[PPROF_LINES_MAX];
};

static bool read_location_field(struct pprof_in *in, const struct pf_proto_field *field,
                                struct location_in *to)
{
    struct pf_location *location = &to->location;

    switch (field->number) {
    case PPROF_LOCATION_ID:
        to->id = field->value;
        return true;
    case PPROF_LOCATION_MAPPING:
        if (field->value && !pf_id_map_find(&in->mappings, field->value, &location->mapping))
            return say_missing(in, "location", "mapping", field->value);
        return true;
    case PPROF_LOCATION_ADDRESS:
        location->address = field->value;
        return true;
    case PPROF_LOCATION_LINE:
        if (location->line_count == PPROF_LINES_MAX)
            return say(in, "a location has more than 1024 lines");
        return read_line(in, field->bytes, &to->lines[location->line_count++]);
    case PPROF_LOCATION_FOLDED:
        location->is_folded = field->value != 0;
        return true;
    default:
        return true;
    }
}

static bool read_location(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;
    struct location_in to;

    to.id = 0;
    to.location = (struct pf_location){.mapping = PF_NONE};
    while (pf_proto_next(&cursor, &field))
        if (!read_location_field(in, &field, &to))
            return false;
    if (!ended(in, &cursor, "location"))
        return false;

    uint32_t index = pf_profile_location_with_lines(in->out, &to.location, to.lines);
    if (to.id == 0 || !pf_id_map_add(&in->locations, to.id, index))
        return say(in, "two locations have one id, or one has none");
    return true;
}

static bool read_label(struct pprof_in *in, struct pf_bytes bytes, struct pf_label *label)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;

    *label = (struct pf_label){0};
    while (pf_proto_next(&cursor, &field))
        if (field.number == PPROF_LABEL_KEY)
            label->key = string_of(in, field.value);
        else if (field.number == PPROF_LABEL_STR)
            label->str = string_of(in, field.value);
        else if (field.number == PPROF_LABEL_NUM)
            label->num = (int64_t)field.value;
        else if (field.number == PPROF_LABEL_NUM_UNIT)
            label->num_unit = string_of(in, field.value);
    return ended(in, &cursor, "label");
}

static bool push_frame(struct pprof_in *in, uint64_t id)
{
    if (in->stack_count == in->stack_capacity) {
        if (in->stack_count == PPROF_STACK_MAX)
            return say(in, "a stack is deeper than a million frames");
        in->stack_capacity = in->stack_capacity ? in->stack_capacity * 2 : 128;
        in->stack = pf_mem_resize(in->stack, in->stack_capacity, sizeof *in->stack);
    }
    if (!pf_id_map_find(&in->locations, id, &in->stack[in->stack_count]))
        return say_missing(in, "sample", "location", id);
    in->stack_count++;
    return true;
}

struct sample_in {
    int64_t values[PF_PROFILE_VALUES_MAX];
    uint32_t value_count, label_count;
    struct pf_label labels[PPROF_LABELS_MAX];
};

static bool read_sample_field(struct pprof_in *in, const struct pf_proto_field *field,
                              struct sample_in *sample)
{
    struct pf_cursor values = pf_proto_values(field);
    uint64_t value = 0;

    switch (field->number) {
    case PPROF_SAMPLE_LOCATIONS:
        while (pf_proto_value(field, &values, &value))
            if (!push_frame(in, value))
                return false;
        return ended(in, &values, "sample");
    case PPROF_SAMPLE_VALUES:
        while (pf_proto_value(field, &values, &value)) {
            if (sample->value_count == in->out->value_count)
                return say(in, "a sample has more values than there are sample types");
            sample->values[sample->value_count++] = (int64_t)value;
        }
        return ended(in, &values, "sample");
    case PPROF_SAMPLE_LABEL:
        if (sample->label_count == PPROF_LABELS_MAX)
            return say(in, "a sample has more than 1024 labels");
        return read_label(in, field->bytes, &sample->labels[sample->label_count++]);
    default:
        return true;
    }
}

static bool read_sample(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;
    struct sample_in sample;

    sample.value_count = sample.label_count = 0;
    in->stack_count = 0;
    while (pf_proto_next(&cursor, &field))
        if (!read_sample_field(in, &field, &sample))
            return false;
    if (!ended(in, &cursor, "sample"))
        return false;
    if (sample.value_count != in->out->value_count)
        return say(in, "a sample has fewer values than there are sample types");

    uint32_t stack = pf_profile_stack(in->out, in->stack, in->stack_count);
    uint32_t labels = pf_profile_label_set(in->out, sample.labels, sample.label_count);
    (void)pf_profile_add(in->out, stack, labels, sample.values);
    return true;
}

/* Walk the top level, giving every message of this number to read. */
static bool walk(struct pprof_in *in, struct pf_bytes bytes, uint32_t number, read_message read)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;

    while (pf_proto_next(&cursor, &field)) {
        if (field.number != number)
            continue;
        if (!field.is_bytes)
            return say(in, "a message is a number");
        if (!read(in, field.bytes))
            return false;
    }
    if (cursor.failed)
        return pf_err_set(in->err, PF_ERR_FORMAT,
                          "pprof: the file ends early or is corrupt at byte %zu",
                          (size_t)(cursor.at - (const uint8_t *)bytes.at));
    return true;
}

static bool walk_scalars(struct pprof_in *in, struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_proto_field field;

    while (pf_proto_next(&cursor, &field))
        if (!read_scalar(in, &field))
            return false;
    return true;
}

/* The column shown: the one named, else the last, as pprof does. */
static bool choose_default(struct pprof_in *in)
{
    struct pf_profile *out = in->out;
    uint32_t name = string_of(in, in->default_type);

    if (in->failed)
        return false;
    if (out->value_count == 0)
        return say(in, "there is no sample type");
    out->default_value = out->value_count - 1;
    for (uint32_t i = 0; name && i < out->value_count; i++)
        if (out->value_types[i].type == name) {
            out->default_value = i;
            break;
        }
    return true;
}

static bool read_all(struct pprof_in *in, struct pf_bytes bytes)
{
    bool ok = walk(in, bytes, PPROF_STRING, read_string) && walk_scalars(in, bytes)
              && choose_default(in) && walk(in, bytes, PPROF_FUNCTION, read_function)
              && walk(in, bytes, PPROF_MAPPING, read_mapping)
              && walk(in, bytes, PPROF_LOCATION, read_location)
              && walk(in, bytes, PPROF_SAMPLE, read_sample);

    if (ok && in->out->is_full)
        return pf_err_set(in->err, PF_ERR_LIMIT, "pprof: more items than a profile may hold");
    return ok;
}

bool pf_pprof_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct pprof_in in = {.out = out, .err = err};

    bool ok = read_all(&in, bytes);

    free(in.strings);
    free(in.stack);
    pf_id_map_fini(&in.functions);
    pf_id_map_fini(&in.mappings);
    pf_id_map_fini(&in.locations);
    return ok;
}
