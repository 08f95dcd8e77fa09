/*
 * Folded stacks: "root;caller;leaf COUNT" a line, as stackcollapse-*.pl and bpftrace make them.
 *
 * Fast, because these files are large: the file is read in place, a frame's text is looked up in a
 * small table of names seen so far, and what a line has in common with the one before is not looked
 * at again. "_[k]" after a name marks the kernel. A count may be a fraction (--countname); it is
 * rounded. Format: github.com/brendangregg/FlameGraph, README.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/report/readers_priv.h"

enum { FOLDED_DEPTH_MAX = 1 << 16, FOLDED_FIRST_SLOTS = 1024 };

/* Names of up to 16 bytes, which most are, are their own key: nothing else is touched to find them.
 */
struct name_slot {
    uint64_t low, high; /* the bytes; of a longer name: its hash, and where it stands */
    uint32_t size;      /* 0: empty */
    uint32_t location;
};

struct folded_in {
    struct pf_profile *out;
    struct name_slot *slots;
    uint32_t slot_mask, slot_count;
    uint32_t kernel; /* mapping, PF_NONE until needed */
    /* The line before: its frames, root first, and where each ends. */
    const char *line;
    size_t line_size;
    uint32_t *frames, *ends;
    uint32_t *leaf_first;
    uint32_t depth, capacity;
};

static uint64_t load_word(const char *text)
{
    uint64_t word = 0;

    memcpy(&word, text, sizeof word);
    return word;
}

static struct name_slot make_key(const char *text, size_t size)
{
    struct name_slot key = {.size = (uint32_t)size};

    if (size > 16) {
        key.low = pf_hash_bytes(text, size);
        key.high = (uint64_t)(uintptr_t)text;
    } else if (size >= 8) {
        key.low = load_word(text);
        key.high = load_word(text + size - 8);
    } else {
        memcpy(&key.low, text, size);
    }
    return key;
}

static uint32_t first_slot(const struct folded_in *in, const struct name_slot *key)
{
    uint64_t mixed = key->low ^ (key->size > 16 ? 0 : key->high * 0x9e3779b97f4a7c15ULL);

    return (uint32_t)pf_hash_u64(mixed + key->size) & in->slot_mask;
}

static bool is_same_name(const struct name_slot *a, const struct name_slot *b)
{
    if (a->low != b->low || a->size != b->size)
        return false;
    return a->high == b->high
           || (a->size > 16
               /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): long names have both */
               && memcmp((const void *)(uintptr_t)a->high, (const void *)(uintptr_t)b->high,
                         a->size)
                      == 0);
}

static void grow_slots(struct folded_in *in)
{
    struct name_slot *old = in->slots;
    uint32_t old_count = old ? in->slot_mask + 1 : 0;
    uint32_t count = old ? old_count * 2 : FOLDED_FIRST_SLOTS;

    in->slots = pf_mem_new(count, sizeof *in->slots);
    in->slot_mask = count - 1;
    for (uint32_t i = 0; i < old_count; i++) {
        if (!old[i].size)
            continue;
        uint32_t at = first_slot(in, &old[i]);
        while (in->slots[at].size)
            at = (at + 1) & in->slot_mask;
        in->slots[at] = old[i];
    }
    free(old);
}

static uint32_t kernel_mapping(struct folded_in *in)
{
    struct pf_mapping mapping = {.file = pf_profile_string(in->out, "[kernel]")};

    if (in->kernel == PF_NONE)
        in->kernel = pf_profile_mapping(in->out, &mapping);
    return in->kernel;
}

static uint32_t enter_name(struct folded_in *in, const char *text, size_t size)
{
    bool is_kernel = size > 4 && memcmp(text + (size - 4), "_[k]", 4) == 0;
    struct pf_function function = {
        .name = pf_profile_string_n(in->out, text, is_kernel ? size - 4 : size)};
    struct pf_line line = {pf_profile_function(in->out, &function), 0};
    struct pf_location location = {.mapping = is_kernel ? kernel_mapping(in) : PF_NONE,
                                   .line_count = 1};

    return pf_profile_location_with_lines(in->out, &location, &line);
}

static uint32_t find_name(struct folded_in *in, const char *text, size_t size)
{
    struct name_slot key = make_key(text, size);
    uint32_t at = first_slot(in, &key);

    for (; in->slots[at].size; at = (at + 1) & in->slot_mask)
        if (is_same_name(&in->slots[at], &key))
            return in->slots[at].location;

    key.location = enter_name(in, text, size);
    in->slots[at] = key;
    if (++in->slot_count > in->slot_mask / 2)
        grow_slots(in);
    return key.location;
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
    in->frames = pf_mem_resize(in->frames, in->capacity, sizeof *in->frames);
    in->ends = pf_mem_resize(in->ends, in->capacity, sizeof *in->ends);
    in->leaf_first = pf_mem_resize(in->leaf_first, in->capacity, sizeof *in->leaf_first);
}

/* Split text at ';' into in->frames; false if it is too deep. */
static bool split(struct folded_in *in, const char *text, size_t size)
{
    in->depth = count_common(in, text, size);
    assert(in->depth == 0 || in->ends);
    size_t at = in->depth ? in->ends[in->depth - 1] + 1 : 0;

    in->line = text;
    in->line_size = size;
    while (at < size) {
        const char *semicolon = memchr(text + at, ';', size - at);
        size_t end = semicolon ? (size_t)(semicolon - text) : size;
        if (in->depth == FOLDED_DEPTH_MAX)
            return false;
        make_room(in);
        in->frames[in->depth] = end > at ? find_name(in, text + at, end - at)
                                         : find_name(in, "[unknown]", strlen("[unknown]"));
        in->ends[in->depth++] = (uint32_t)end;
        at = end + 1;
    }
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

static void add_line(struct folded_in *in, int64_t count)
{
    for (uint32_t i = 0; i < in->depth; i++)
        in->leaf_first[i] = in->frames[in->depth - 1 - i];
    uint32_t stack = pf_profile_stack(in->out, in->leaf_first, in->depth);
    (void)pf_profile_add(in->out, stack, PF_NONE, &count);
}

static bool is_blank(struct pf_bytes line)
{
    const char *text = line.at;

    return line.size == 0 || text[0] == '#' || (line.size == 1 && text[0] == '\r');
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
        if (line.size >= UINT32_MAX || !divide(line.at, line.size, &stack_size, &count))
            return pf_err_set(err, PF_ERR_FORMAT,
                              "folded: line %zu does not end in a space and a count", number);
        if (!split(in, line.at, stack_size))
            return pf_err_set(err, PF_ERR_LIMIT, "folded: line %zu is deeper than %d frames",
                              number, FOLDED_DEPTH_MAX);
        add_line(in, count);
    }
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
    grow_slots(&in);
    bool ok = read_lines(&in, bytes, err);

    free(in.slots);
    free(in.frames);
    free(in.ends);
    free(in.leaf_first);
    return ok;
}
