/*
 * A profile: how often each stack was seen, and what it cost. The model everything meets in.
 *
 * It follows pprof's profile.proto (the file format) so that nothing is lost on the way in or out:
 * strings, mappings, functions, locations and stacks are tables without duplicates, referred to by
 * index; samples are one row per distinct (stack, label set), values summed. Index 0 of strings is
 * "". Every other table begins with a real item; PF_NONE means none.
 *
 * A location without lines is an address yet to be named (symbol/ does that); one without a mapping
 * and address is a name without an address (folded stacks).
 *
 * Units:   stacks are leaf first. A location's address is where the frame was executing: the pc for
 *          the leaf and for frames a signal interrupted, return address - 1 for callers.
 * Limits:  PF_PROFILE_ITEMS_MAX items a table; adding beyond returns PF_NONE and sets is_full.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_PROFILE_H
#define PROFILER_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"

#define PF_NONE UINT32_MAX /* wider than an enumerator of ISO C may be */

enum { PF_PROFILE_VALUES_MAX = 8 };
enum { PF_PROFILE_ITEMS_MAX = 1 << 30 };

struct pf_value_type {
    uint32_t type,
        unit; /* strings: "samples" "count", "cpu" "nanoseconds", "inuse_space" "bytes" */
};

struct pf_mapping {
    uint64_t start, limit, file_offset;
    uint32_t file;     /* string: path as the process sees it, "[vdso]", "[kernel]" */
    uint32_t build_id; /* string: lower-case hex, or "" */
    bool has_functions, has_files, has_lines, has_inlines;
};

struct pf_function {
    uint32_t name, system_name, file; /* strings: shown; as linked (mangled); source path */
    int64_t start_line;               /* 0 unknown */
};

/* A location's source position; inlined frames come first, lines[n-1] is the real function. */
struct pf_line {
    uint32_t function;
    uint32_t line; /* 0 unknown */
};

struct pf_location {
    uint64_t address;
    uint32_t mapping;
    uint32_t lines_at, line_count; /* in pf_profile.lines */
    bool is_folded;
};

struct pf_label {
    uint32_t key, str; /* strings; str 0: the value is num */
    int64_t num;
    uint32_t num_unit;
};

/* A run of another table: stacks of locations, label sets of labels. */
struct pf_span {
    uint32_t at, count;
};

struct pf_sample {
    uint32_t stack;  /* index into stacks */
    uint32_t labels; /* index into label_sets, PF_NONE: no labels */
};

/* A growing array of items of one size; items are copied in. */
struct pf_table {
    void *items;
    uint32_t count, capacity;
    struct pf_hash index;
};

struct pf_profile {
    struct pf_value_type value_types[PF_PROFILE_VALUES_MAX];
    uint32_t value_count;
    uint32_t default_value; /* which column a report shows */

    struct pf_table strings;         /* struct pf_string, text in arena */
    struct pf_table mappings;        /* struct pf_mapping */
    struct pf_table functions;       /* struct pf_function */
    struct pf_table locations;       /* struct pf_location */
    struct pf_table lines;           /* struct pf_line, no index */
    struct pf_table stacks;          /* struct pf_span over stack_locations */
    struct pf_table stack_locations; /* uint32_t */
    struct pf_table label_sets;      /* struct pf_span over labels */
    struct pf_table labels;          /* struct pf_label */
    struct pf_table samples;         /* struct pf_sample */
    int64_t *values;                 /* samples.count rows of value_count */

    struct pf_value_type period_type;
    int64_t period;
    uint64_t time_ns; /* wall clock at start, 0 unknown */
    uint64_t duration_ns;
    struct pf_table comments; /* uint32_t strings; ours carry the summary, see summary.h */
    uint32_t drop_frames, keep_frames, doc_url; /* strings, kept for the round trip */

    struct pf_arena arena;
    bool is_full;
};

struct pf_string {
    const char *text; /* NUL-terminated, in the profile's arena */
    uint32_t size;
};

void pf_profile_init(struct pf_profile *profile);
void pf_profile_fini(struct pf_profile *profile);
void pf_profile_move(struct pf_profile *to, struct pf_profile *from);

/* Enter an item, or find the equal one; returns its index. */
uint32_t pf_profile_string(struct pf_profile *profile, const char *text);
uint32_t pf_profile_string_n(struct pf_profile *profile, const char *text, size_t size);
uint32_t pf_profile_mapping(struct pf_profile *profile, const struct pf_mapping *mapping);
uint32_t pf_profile_function(struct pf_profile *profile, const struct pf_function *function);
uint32_t pf_profile_location(struct pf_profile *profile, uint64_t address, uint32_t mapping);
uint32_t pf_profile_stack(struct pf_profile *profile, const uint32_t *locations, uint32_t count);
/* A stack that is about to be entered: what has to be looked at is fetched from memory meanwhile.
 */
void pf_profile_stack_announce(const struct pf_profile *profile, const uint32_t *locations,
                               uint32_t count);
uint32_t pf_profile_label_set(struct pf_profile *profile, const struct pf_label *labels,
                              uint32_t count);

/* A location that is only a name: mapping none, address 0, one line. Equal names are one location.
 */
uint32_t pf_profile_named_location(struct pf_profile *profile, uint32_t function, uint32_t line);

/*
 * A location as a file states it: equal only to one with the same address, mapping, fold and lines.
 * location->line_count lines; location->lines_at is ignored.
 */
uint32_t pf_profile_location_with_lines(struct pf_profile *profile,
                                        const struct pf_location *location,
                                        const struct pf_line *lines);

/* Give a location its lines (replacing any). */
void pf_profile_set_lines(struct pf_profile *profile, uint32_t location,
                          const struct pf_line *lines, uint32_t count);

/* Add values (value_count of them) to the sample with this stack and label set. Returns its index.
 */
uint32_t pf_profile_add(struct pf_profile *profile, uint32_t stack, uint32_t labels,
                        const int64_t *values);

/* Append a string to the comments, even if one is equal. */
void pf_profile_comment(struct pf_profile *profile, uint32_t string);

uint32_t pf_profile_add_value_type(struct pf_profile *profile, const char *type, const char *unit);

/* Borrowed views, valid until the next item of that kind is entered. Indices must exist. */
const char *pf_profile_text(const struct pf_profile *profile, uint32_t string);
const struct pf_mapping *pf_profile_mapping_at(const struct pf_profile *profile, uint32_t index);
const struct pf_function *pf_profile_function_at(const struct pf_profile *profile, uint32_t index);
const struct pf_location *pf_profile_location_at(const struct pf_profile *profile, uint32_t index);
const struct pf_line *pf_profile_lines_view(const struct pf_profile *profile,
                                            const struct pf_location *location);
const uint32_t *pf_profile_stack_view(const struct pf_profile *profile, uint32_t stack,
                                      uint32_t *count);
const struct pf_label *pf_profile_labels_view(const struct pf_profile *profile, uint32_t label_set,
                                              uint32_t *count);
const struct pf_sample *pf_profile_sample_at(const struct pf_profile *profile, uint32_t index);
const int64_t *pf_profile_values_view(const struct pf_profile *profile, uint32_t sample);

#endif
