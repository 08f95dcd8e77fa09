/*
 * Folded stacks: "root;caller;leaf COUNT" a line, as stackcollapse-*.pl and bpftrace make them.
 *
 * Fast, because these files are large: the file is read in place, what a line has in common with
 * the one before is not looked at again, and whatever must be looked up in a large table is
 * announced a line ahead. "_[k]" after a name marks the kernel. A count may be a fraction
 * (--countname); it is rounded. A last line that is cut short and a stack that is too deep are left
 * out, and told. Format: github.com/brendangregg/FlameGraph, README.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/report/folded_names_priv.h"
#include "profiler/report/left_out.h"
#include "profiler/report/readers_priv.h"

enum { FOLDED_DEPTH_MAX = 1 << 16 };

static const char unnamed[] = "[unknown]";

struct folded_in {
    struct pf_profile *out;
    struct pf_folded_names names;
    uint32_t kernel; /* mapping, PF_NONE until needed */
    /* The line before: its frames' locations, root first, and where each ends. */
    const char *line;
    size_t line_size;
    uint32_t *locations, *ends;
    uint32_t depth, capacity;
    struct pf_folded_name *keys; /* of this line's frames that the line before does not have */
    /* The stack that is entered when the next one is known: by then it has been fetched. */
    uint32_t *leaf_first;
    uint32_t pending_depth;
    int64_t pending_count;
    size_t too_deep; /* lines */
};

static uint64_t load_word(const char *text)
{
    uint64_t word = 0;

    memcpy(&word, text, sizeof word);
    return word;
}

static uint32_t kernel_mapping(struct folded_in *in)
{
    struct pf_mapping mapping = {.file = pf_profile_string(in->out, "[kernel]")};

    if (in->kernel == PF_NONE)
        in->kernel = pf_profile_mapping(in->out, &mapping);
    return in->kernel;
}

static uint32_t enter_name(struct folded_in *in, struct pf_bytes name)
{
    const char *text = name.at;
    bool is_kernel = name.size > 4 && memcmp(text + (name.size - 4), "_[k]", 4) == 0;
    struct pf_function function = {
        .name = pf_profile_string_n(in->out, text, is_kernel ? name.size - 4 : name.size)};
    struct pf_line line = {pf_profile_function(in->out, &function), 0};
    struct pf_location location = {.mapping = is_kernel ? kernel_mapping(in) : PF_NONE,
                                   .line_count = 1};

    return pf_profile_location_with_lines(in->out, &location, &line);
}

/* How many of the last line's frames this one begins with, whole. */
static uint32_t count_common(const struct folded_in *in, const char *text, size_t size)
{
    size_t most = size < in->line_size ? size : in->line_size;
    size_t same = 0;
    uint32_t frames = 0;

    if (!in->line || !in->ends)
        return 0;
    while (same + 8 <= most && load_word(text + same) == load_word(in->line + same))
        same += 8;
    while (same < most && text[same] == in->line[same])
        same++;
    while (frames < in->depth && in->ends[frames] < same)
        frames++;
    return frames;
}

static void make_room(struct folded_in *in)
{
    if (in->depth < in->capacity)
        return;
    in->capacity = in->capacity ? in->capacity * 2 : 64;
    in->locations = pf_mem_resize(in->locations, in->capacity, sizeof *in->locations);
    in->ends = pf_mem_resize(in->ends, in->capacity, sizeof *in->ends);
    in->keys = pf_mem_resize(in->keys, in->capacity, sizeof *in->keys);
    in->leaf_first = pf_mem_resize(in->leaf_first, in->capacity, sizeof *in->leaf_first);
}

/* A frame's text in the line; one that is empty has no name. */
static struct pf_bytes frame_text(const struct folded_in *in, uint32_t frame)
{
    size_t from = frame ? in->ends[frame - 1] + 1 : 0;

    return in->ends[frame] > from ? (struct pf_bytes){in->line + from, in->ends[frame] - from}
                                  : (struct pf_bytes){unnamed, sizeof unnamed - 1};
}

/* Divide the line at ';' and announce the frames from in->depth on; false if it is too deep. */
static bool announce_frames(struct folded_in *in)
{
    assert(in->depth == 0 || in->ends);
    size_t at = in->depth ? in->ends[in->depth - 1] + 1 : 0;

    while (at < in->line_size) {
        const char *semicolon = memchr(in->line + at, ';', in->line_size - at);
        size_t end = semicolon ? (size_t)(semicolon - in->line) : in->line_size;
        if (in->depth == FOLDED_DEPTH_MAX)
            return false;
        make_room(in);
        in->ends[in->depth] = (uint32_t)end;
        struct pf_bytes text = frame_text(in, in->depth);
        in->keys[in->depth++] = pf_folded_names_announce(&in->names, text.at, text.size);
        at = end + 1;
    }
    return true;
}

static void name_frames(struct folded_in *in, uint32_t first)
{
    for (uint32_t i = first; i < in->depth; i++) {
        in->locations[i] = pf_folded_names_find(&in->names, &in->keys[i]);
        if (in->locations[i] == PF_NONE) {
            in->locations[i] = enter_name(in, frame_text(in, i));
            pf_folded_names_enter(&in->names, &in->keys[i], in->locations[i]);
        }
    }
}

/* The line's frames to in->locations; false if it is too deep. */
static bool split(struct folded_in *in, const char *text, size_t size)
{
    uint32_t common = count_common(in, text, size);

    in->depth = common;
    in->line = text;
    in->line_size = size;
    if (!announce_frames(in))
        return false;
    name_frames(in, common);
    return true;
}

static bool read_fraction(const char *text, size_t size, int64_t *count)
{
    char digits[32];
    char *end = NULL;

    memcpy(digits, text, size);
    digits[size] = '\0';
    double value = strtod(digits, &end);
    if (*end || !(value < 9.2e18))
        return false;
    *count = llround(value);
    return true;
}

/* Digits, with a fraction if need be; at most 63 bits. */
static bool read_count(const char *text, size_t size, int64_t *count)
{
    unsigned dots = 0;

    *count = 0;
    if (size == 0 || size > 30)
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '.')
            dots++;
        else if (text[i] < '0' || text[i] > '9')
            return false;
    if (dots)
        return dots == 1 && size > 1 && read_fraction(text, size, count);
    for (size_t i = 0; i < size; i++)
        if (__builtin_mul_overflow(*count, 10, count)
            || __builtin_add_overflow(*count, text[i] - '0', count))
            return false;
    return true;
}

/* A line's stack and count; false if it has none. */
static bool divide(const char *text, size_t size, size_t *stack_size, int64_t *count)
{
    while (size && (text[size - 1] == '\r' || text[size - 1] == ' ' || text[size - 1] == '\t'))
        size--;
    const char *space = memrchr(text, ' ', size);
    if (!space || space == text)
        return false;
    *stack_size = (size_t)(space - text);
    return read_count(space + 1, size - *stack_size - 1, count);
}

static void enter_pending(struct folded_in *in)
{
    uint32_t stack = pf_profile_stack(in->out, in->leaf_first, in->pending_depth);

    (void)pf_profile_add(in->out, stack, PF_NONE, &in->pending_count);
}

static void add_line(struct folded_in *in, int64_t count)
{
    if (in->pending_depth)
        enter_pending(in);
    for (uint32_t i = 0; i < in->depth; i++)
        in->leaf_first[i] = in->locations[in->depth - 1 - i];
    in->pending_depth = in->depth;
    in->pending_count = count;
    pf_profile_stack_announce(in->out, in->leaf_first, in->depth);
}

static bool is_blank(struct pf_bytes line)
{
    const char *text = line.at;

    return line.size == 0 || text[0] == '#' || (line.size == 1 && text[0] == '\r');
}

/* The line just read is the last, and lacks its newline. */
static bool is_cut(const struct pf_cursor *cursor, struct pf_bytes bytes)
{
    const char *text = bytes.at;

    return pf_cursor_left(cursor) == 0 && bytes.size && text[bytes.size - 1] != '\n';
}

/* What of it was entered already is nothing the next line may begin with. */
static void skip_line(struct folded_in *in)
{
    in->too_deep++;
    in->line = NULL;
    in->depth = 0;
}

static bool read_lines(struct folded_in *in, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;
    int64_t count = 0;

    for (size_t number = 1; pf_cursor_line(&cursor, &line); number++) {
        size_t stack_size = 0;
        if (is_blank(line))
            continue;
        if (line.size >= UINT32_MAX || !divide(line.at, line.size, &stack_size, &count)) {
            if (in->pending_depth && is_cut(&cursor, bytes)) {
                pf_left_out_note(in->out, "the last line, which is cut short");
                break;
            }
            return pf_err_set(err, PF_ERR_FORMAT,
                              "folded: line %zu does not end in a space and a count", number);
        }
        if (split(in, line.at, stack_size))
            add_line(in, count);
        else
            skip_line(in);
    }
    if (in->pending_depth)
        enter_pending(in);
    if (in->too_deep)
        pf_left_out_note(in->out, "%zu stack%s of more than %d frames", in->too_deep,
                         in->too_deep == 1 ? "" : "s", FOLDED_DEPTH_MAX);
    if (in->out->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "folded: more items than a profile may hold");
    return true;
}

/* The first lines that say anything, all of this shape. */
bool pf_folded_looks_like(struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;
    unsigned seen = 0;

    while (seen < 3 && pf_cursor_line(&cursor, &line)) {
        size_t stack_size = 0;
        int64_t count = 0;
        if (is_blank(line))
            continue;
        if (memchr(line.at, 0, line.size) || !divide(line.at, line.size, &stack_size, &count))
            return false;
        seen++;
    }
    return seen > 0;
}

bool pf_folded_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct folded_in in = {.out = out, .kernel = PF_NONE};

    (void)pf_profile_add_value_type(out, "samples", "count");
    pf_folded_names_init(&in.names);
    bool ok = read_lines(&in, bytes, err);

    pf_folded_names_fini(&in.names);
    free(in.locations);
    free(in.ends);
    free(in.keys);
    free(in.leaf_first);
    return ok;
}
