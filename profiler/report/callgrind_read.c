/*
 * What valgrind --tool=callgrind writes: exact costs of functions, and of calls between them.
 *
 * The file has no stacks: only who called whom and what that cost, inclusively. callgrind_stacks.c
 * rebuilds stacks from it. Names are compressed ("(12) name" once, "(12)" after), in three spaces;
 * line numbers are relative; a calls= line makes the line after it an edge. Format: Callgrind
 * Format Specification, valgrind.org/docs/manual/cl-format.html.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/report/callgrind_priv.h"
#include "profiler/report/id_map.h"
#include "profiler/report/readers_priv.h"

enum { CALLGRIND_LINE_MAX = 1 << 16, POSITIONS_MAX = 2 };

enum name_space { NAMES_OBJECT, NAMES_FILE, NAMES_FUNCTION, NAME_SPACES };

struct callgrind_in {
    struct pf_profile *out;
    struct pf_callgrind graph;
    struct pf_id_map names[NAME_SPACES]; /* the file's number to our string */
    uint32_t positions;                  /* how many begin a cost line */
    uint32_t object, file;               /* of the current function; strings */
    uint32_t function;                   /* current, PF_NONE before the first fn= */
    uint32_t called_object, called_file, called;
    uint64_t position[POSITIONS_MAX + 1]; /* of the cost line before; the last is for none */
    bool has_lines;                       /* a line number is the last of them */
    bool is_elsewhere;                    /* in the file of inlined code */
    bool is_call;                         /* the next cost line is a call's */
    bool is_jump;
};

static bool begins(struct pf_bytes line, const char *with)
{
    return line.size >= strlen(with) && memcmp(line.at, with, strlen(with)) == 0;
}

static struct pf_bytes after(struct pf_bytes line, size_t at)
{
    const char *text = line.at;

    while (at < line.size && (text[at] == ' ' || text[at] == '\t'))
        at++;
    return (struct pf_bytes){text + at, line.size - at};
}

/* "(12) name", "(12)" or "name" as a string of ours. */
static uint32_t read_name(struct callgrind_in *in, enum name_space space, struct pf_bytes text)
{
    const char *at = text.at;
    uint64_t id = 0;
    size_t digits = 1;

    if (text.size < 3 || at[0] != '(')
        return pf_profile_string_n(in->out, at, text.size);
    for (; digits < text.size && digits < 18 && at[digits] >= '0' && at[digits] <= '9'; digits++)
        id = id * 10 + (uint64_t)(at[digits] - '0');
    if (digits == 1 || digits == text.size || at[digits] != ')')
        return pf_profile_string_n(in->out, at, text.size);

    struct pf_bytes name = after(text, digits + 1);
    uint32_t string = 0;
    if (name.size == 0)
        return pf_id_map_find(&in->names[space], id, &string) ? string : 0;
    string = pf_profile_string_n(in->out, name.at, name.size);
    (void)pf_id_map_add(&in->names[space], id, string);
    return string;
}

static uint32_t enter_function(struct callgrind_in *in, uint32_t name, uint32_t file,
                               uint32_t object)
{
    return pf_callgrind_function(&in->graph,
                                 &(struct pf_callgrind_function){name, file, object, 0});
}

/* Lines "key=value" of the body. Returns whether it was one. */
static bool read_spec(struct callgrind_in *in, struct pf_bytes line)
{
    if (begins(line, "fn=")) {
        in->function =
            enter_function(in, read_name(in, NAMES_FUNCTION, after(line, 3)), in->file, in->object);
        in->called_object = in->object;
        in->called_file = in->file;
        in->is_elsewhere = false;
    } else if (begins(line, "fl=")) {
        in->file = in->called_file = read_name(in, NAMES_FILE, after(line, 3));
    } else if (begins(line, "fi=") || begins(line, "fe=")) {
        /* inlined code: the cost is fn's, the lines are not */
        in->is_elsewhere = read_name(in, NAMES_FILE, after(line, 3)) != in->file;
    } else if (begins(line, "ob=")) {
        in->object = in->called_object = read_name(in, NAMES_OBJECT, after(line, 3));
    } else if (begins(line, "cob=")) {
        in->called_object = read_name(in, NAMES_OBJECT, after(line, 4));
    } else if (begins(line, "cfi=") || begins(line, "cfl=")) {
        in->called_file = read_name(in, NAMES_FILE, after(line, 4));
    } else if (begins(line, "cfn=")) {
        uint32_t name = read_name(in, NAMES_FUNCTION, after(line, 4));
        in->called = enter_function(in, name, in->called_file, in->called_object);
    } else if (begins(line, "calls=")) {
        in->is_call = true;
    } else if (begins(line, "jump=") || begins(line, "jcnd=")) {
        in->is_jump = true;
    } else {
        return false;
    }
    return true;
}

/* A word of a cost line: "12", "0x12", "+3", "-1", "*". False at the end. */
static bool next_number(struct pf_cursor *cursor, uint64_t *value)
{
    char digits[32];
    size_t size = 0;

    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
        cursor->at++;
    while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t'
           && size + 1 < sizeof digits)
        digits[size++] = (char)*cursor->at++;
    digits[size] = '\0';
    char *number = digits[0] == '+' || digits[0] == '-' || digits[0] == '*' ? digits + 1 : digits;
    char *end = NULL;
    *value = strtoull(number, &end, 0);
    return size > 0 && *end == '\0';
}

/* "+3", "-1" and "*" are relative to the cost line before. */
static bool next_position(struct callgrind_in *in, uint32_t index, struct pf_cursor *cursor)
{
    uint64_t value = 0;

    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
        cursor->at++;
    char first = cursor->at < cursor->end ? (char)*cursor->at : '\0';
    if (!next_number(cursor, &value))
        return false;
    uint64_t *at = &in->position[index < POSITIONS_MAX ? index : POSITIONS_MAX];
    *at = first == '+' ? *at + value : first == '-' ? *at - value : first == '*' ? *at : value;
    return true;
}

/* The line is the last position; 0: the file has none, or this one is of inlined code. */
static uint32_t line_of_cost(const struct callgrind_in *in)
{
    uint64_t line =
        in->positions && in->positions <= POSITIONS_MAX ? in->position[in->positions - 1] : 0;

    return in->has_lines && !in->is_elsewhere && line <= INT32_MAX ? (uint32_t)line : 0;
}

/* Positions, then costs, of which the last ones may be missing: zeros. */
static bool read_cost(struct callgrind_in *in, struct pf_bytes line)
{
    struct pf_cursor cursor = pf_cursor_view(line);
    int64_t costs[PF_PROFILE_VALUES_MAX] = {0};
    uint64_t value = 0;

    for (uint32_t i = 0; i < in->positions; i++)
        if (!next_position(in, i, &cursor))
            return false;
    for (uint32_t i = 0; i < in->out->value_count && next_number(&cursor, &value); i++)
        costs[i] = value <= INT64_MAX ? (int64_t)value : INT64_MAX;

    bool is_call = in->is_call, is_jump = in->is_jump;
    in->is_call = in->is_jump = false;
    if (is_jump)
        return true;
    if (in->function == PF_NONE || (is_call && in->called == PF_NONE))
        return false;
    pf_callgrind_add_line(&in->graph, in->function, line_of_cost(in));
    if (is_call)
        pf_callgrind_add_call(&in->graph, in->function, in->called, costs[0]);
    else
        pf_callgrind_add_self(&in->graph, in->function, costs);
    if (is_call) {
        in->called_object = in->object;
        in->called_file = in->file;
    }
    return true;
}

static uint32_t count_words(struct pf_bytes text)
{
    const char *at = text.at;
    uint32_t words = 0;

    for (size_t i = 0; i < text.size; i++)
        words += at[i] != ' ' && (i == 0 || at[i - 1] == ' ');
    return words;
}

/* "events: Ir Dr": a column each. */
static void read_events(struct callgrind_in *in, struct pf_bytes text)
{
    const char *at = text.at;
    char name[64];

    for (size_t from = 0, to = 0; from < text.size && in->out->value_count < PF_PROFILE_VALUES_MAX;
         from = to + 1) {
        for (to = from; to < text.size && at[to] != ' ';)
            to++;
        if (to == from)
            continue;
        size_t size = to - from < sizeof name ? to - from : sizeof name - 1;
        memcpy(name, at + from, size);
        name[size] = '\0';
        (void)pf_profile_add_value_type(in->out, strcmp(name, "Ir") == 0 ? "instructions" : name,
                                        "count");
    }
}

/* "positions: instr line": what stands before the costs, lines last. */
static void read_positions(struct callgrind_in *in, struct pf_bytes text)
{
    const char *at = text.at;

    in->positions = count_words(text);
    in->has_lines = text.size >= 4 && memcmp(at + text.size - 4, "line", 4) == 0;
}

/* "key: value" of the header, or between parts. */
static bool read_header(struct callgrind_in *in, struct pf_bytes line)
{
    if (begins(line, "events:") && in->out->value_count == 0)
        read_events(in, after(line, 7));
    else if (begins(line, "positions:"))
        read_positions(in, after(line, 10));
    else if (begins(line, "cmd:"))
        in->graph.command = after(line, 4);
    else
        return memchr(line.at, ':', line.size) != NULL;
    return true;
}

static bool is_cost(struct pf_bytes line)
{
    char first = *(const char *)line.at;

    return (first >= '0' && first <= '9') || first == '+' || first == '-' || first == '*';
}

static bool read_line(struct callgrind_in *in, struct pf_bytes line)
{
    while (line.size && ((const char *)line.at)[line.size - 1] == '\r')
        line.size--;
    if (line.size == 0 || *(const char *)line.at == '#')
        return true;
    if (line.size > CALLGRIND_LINE_MAX)
        return false;
    if (is_cost(line))
        return in->out->value_count > 0 && read_cost(in, line);
    if (in->out->value_count > 0 && read_spec(in, line))
        return true;
    return read_header(in, line);
}

static bool read_all(struct callgrind_in *in, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;

    for (size_t number = 1; pf_cursor_line(&cursor, &line); number++)
        if (!read_line(in, line))
            return pf_err_set(err, PF_ERR_FORMAT,
                              "callgrind: line %zu is neither a cost nor a name", number);
    if (in->out->value_count == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "callgrind: there is no events: line");
    if (in->graph.function_count == 0 || in->is_call)
        return pf_err_set(err, PF_ERR_FORMAT, "callgrind: the file ends early: it was cut short");
    pf_callgrind_stacks(&in->graph);
    if (in->out->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "callgrind: more items than a profile may hold");
    return true;
}

bool pf_callgrind_looks_like(struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;

    if (begins(bytes, "# callgrind format"))
        return true;
    for (unsigned i = 0; i < 20 && pf_cursor_line(&cursor, &line); i++)
        if (begins(line, "creator: callgrind") || begins(line, "events: Ir"))
            return true;
    return false;
}

bool pf_callgrind_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct callgrind_in in = {
        .out = out, .positions = 1, .has_lines = true, .function = PF_NONE, .called = PF_NONE};

    in.graph.out = out;
    bool ok = read_all(&in, bytes, err);

    for (unsigned i = 0; i < NAME_SPACES; i++)
        pf_id_map_fini(&in.names[i]);
    pf_callgrind_fini(&in.graph);
    return ok;
}
