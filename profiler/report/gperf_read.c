/*
 * gperftools' CPU profile (libprofiler): 64-bit little-endian slots, then /proc/PID/maps as text.
 *
 *   0 3 0 PERIOD_US 0        header
 *   COUNT DEPTH PC...        a stack, leaf first; the callers' are return addresses
 *   0 1 0                    end of the stacks
 *
 * Its symbolised form stands between "--- symbol" and "--- profile" lines, with a name for each
 * address; google-pprof --raw writes it. Source: gperftools, docs/cpuprofile-fileformat.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/report/id_map.h"
#include "profiler/report/maps_text.h"
#include "profiler/report/readers_priv.h"

enum { GPERF_DEPTH_MAX = 1 << 16, GPERF_HEADER_SLOTS = 5 };
static const char symbol_mark[] = "--- symbol\n";

/* One stack's place in the slots. */
struct gperf_in {
    struct pf_profile *out;
    struct pf_maps_text maps;
    struct pf_id_map names; /* address to function */
    uint32_t *frames;
    uint32_t capacity;
    uint64_t period_ns, samples;
};

/* Return addresses are looked up one byte before: the call. */
static uint32_t enter_pc(struct gperf_in *in, uint64_t pc, bool is_leaf)
{
    struct pf_location location = {.address = pc - !is_leaf, .mapping = PF_NONE};
    struct pf_line line = {0};

    location.mapping = pf_maps_text_find(&in->maps, location.address);
    if (!pf_id_map_find(&in->names, location.address, &line.function)
        && !pf_id_map_find(&in->names, pc, &line.function))
        return pf_profile_location(in->out, location.address, location.mapping);
    location.line_count = 1;
    return pf_profile_location_with_lines(in->out, &location, &line);
}

static void add_stack(struct gperf_in *in, uint64_t count, uint32_t depth, struct pf_cursor pcs)
{
    if (depth > in->capacity) {
        in->capacity = depth;
        in->frames = pf_mem_resize(in->frames, depth, sizeof *in->frames);
    }
    for (uint32_t i = 0; i < depth; i++)
        in->frames[i] = enter_pc(in, pf_cursor_u64(&pcs), i == 0);
    int64_t samples = count <= INT64_MAX / 1000000000 ? (int64_t)count : INT64_MAX / 1000000000;
    int64_t values[] = {samples, 0};
    if (__builtin_mul_overflow(samples, (int64_t)in->period_ns, &values[1]))
        values[1] = INT64_MAX;
    (void)pf_profile_add(in->out, pf_profile_stack(in->out, in->frames, depth), PF_NONE, values);
    in->samples += (uint64_t)samples;
}

/* Walk the stacks up to the trailer; each is given to add_stack if add is set. */
static bool walk(struct gperf_in *in, struct pf_cursor *cursor, bool add, struct pf_err *err)
{
    for (size_t number = 1;; number++) {
        uint64_t count = pf_cursor_u64(cursor);
        uint64_t depth = pf_cursor_u64(cursor);
        if (cursor->failed || depth > pf_cursor_left(cursor) / sizeof(uint64_t))
            return pf_err_set(err, PF_ERR_FORMAT,
                              "gperftools: the file ends inside stack %zu: it was cut short",
                              number);
        struct pf_cursor pcs = *cursor;
        uint64_t first = depth ? pf_cursor_u64(&pcs) : 0;
        if (count == 0 && depth == 1 && first == 0) {
            *cursor = pcs;
            return true;
        }
        if (depth == 0 || depth > GPERF_DEPTH_MAX)
            return pf_err_set(err, PF_ERR_FORMAT, "gperftools: stack %zu is %" PRIu64 " deep",
                              number, depth);
        if (add)
            add_stack(in, count, (uint32_t)depth, *cursor);
        (void)pf_cursor_bytes(cursor, depth * sizeof(uint64_t));
    }
}

static bool read_header(struct gperf_in *in, struct pf_cursor *cursor, struct pf_err *err)
{
    uint64_t head[GPERF_HEADER_SLOTS];

    for (unsigned i = 0; i < GPERF_HEADER_SLOTS; i++)
        head[i] = pf_cursor_u64(cursor);
    uint64_t more = head[1] >= 3 ? head[1] - 3 : 0;
    if (cursor->failed || head[0] != 0 || head[1] < 3 || head[2] != 0 || more > 1000
        || head[3] > UINT32_MAX)
        return pf_err_set(err, PF_ERR_FORMAT, "gperftools: the header is malformed");
    (void)pf_cursor_bytes(cursor, more * sizeof(uint64_t));
    in->period_ns = head[3] * 1000;
    return true;
}

/* "0x000055d0 name" a line, up to "---"; other lines ("binary=...") are stepped over. */
static void read_symbols(struct gperf_in *in, struct pf_cursor *cursor)
{
    struct pf_bytes line;

    while (pf_cursor_line(cursor, &line)) {
        const char *text = line.at;
        if (line.size >= 3 && memcmp(text, "---", 3) == 0)
            return;
        const char *space = memchr(text, ' ', line.size);
        if (line.size < 4 || text[0] != '0' || text[1] != 'x' || !space)
            continue;
        uint64_t address = strtoull(text, NULL, 16);
        size_t at = (size_t)(space - text) + 1;
        struct pf_function function = {.name =
                                           pf_profile_string_n(in->out, text + at, line.size - at)};
        (void)pf_id_map_add(&in->names, address, pf_profile_function(in->out, &function));
    }
}

static void describe(struct gperf_in *in)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    struct pf_profile *out = in->out;

    strcpy(summary->engine, "gperftools");
    strcpy(summary->mode, "cpu");
    summary->frequency_hz = in->period_ns ? (uint32_t)(1000000000 / in->period_ns) : 0;
    summary->samples = in->samples;
    summary->cost_percent = -1;
    if (in->maps.count) {
        const char *main_file =
            pf_profile_text(out, pf_profile_mapping_at(out, in->maps.at[0].mapping)->file);
        (void)snprintf(summary->command, sizeof summary->command, "%s", main_file);
    }
    pf_summary_store(summary, out);
    out->period = (int64_t)in->period_ns;
    out->period_type = out->value_types[1];
    free(summary);
}

static bool read_all(struct gperf_in *in, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_cursor stacks;
    struct pf_bytes line;

    if (bytes.size >= strlen(symbol_mark)
        && memcmp(bytes.at, symbol_mark, strlen(symbol_mark)) == 0) {
        (void)pf_cursor_line(&cursor, &line);
        read_symbols(in, &cursor);
        (void)pf_cursor_line(&cursor, &line); /* --- profile */
    }
    if (!read_header(in, &cursor, err))
        return false;
    stacks = cursor;
    /* The maps stand after the stacks, and name their objects. */
    if (!walk(in, &cursor, false, err))
        return false;
    pf_maps_text_read(&in->maps, in->out, cursor);
    if (!walk(in, &stacks, true, err))
        return false;
    if (in->out->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "gperftools: more items than a profile may hold");
    describe(in);
    return true;
}

bool pf_gperf_looks_like(struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);

    if (bytes.size >= strlen(symbol_mark)
        && memcmp(bytes.at, symbol_mark, strlen(symbol_mark)) == 0)
        return true;
    uint64_t count = pf_cursor_u64(&cursor), words = pf_cursor_u64(&cursor);
    uint64_t version = pf_cursor_u64(&cursor);
    return count == 0 && words == 3 && version == 0 && !cursor.failed;
}

bool pf_gperf_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct gperf_in in = {.out = out};

    (void)pf_profile_add_value_type(out, "samples", "count");
    out->default_value = pf_profile_add_value_type(out, "cpu", "nanoseconds");
    bool ok = read_all(&in, bytes, err);

    free(in.frames);
    pf_maps_text_fini(&in.maps);
    pf_id_map_fini(&in.names);
    return ok;
}
