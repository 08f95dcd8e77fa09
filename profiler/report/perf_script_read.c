/*
 * What perf script prints, with or without its options: an event a paragraph.
 *
 *   comm  1234/1235 [001] 1234.567890:    250000 cycles:u:
 *           ffffffff81234567 function+0x12 (/path/object)
 *           7f00 [unknown] ([unknown])
 *                  main+0x10 (inlined)
 *   <blank line>
 *
 * The stack is leaf first. An event's value is its period where one is printed, else one. Lines of
 * side band events (mmap, comm: printed without a stack) and comments are stepped over. Source:
 * perf-script(1), tools/perf/builtin-script.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/profile.h"
#include "profiler/report/left_out.h"
#include "profiler/report/readers_priv.h"

enum { PERF_FRAMES_MAX = 4096 };

/* An event's first line, taken apart. Texts point into the file. */
struct event {
    struct pf_bytes comm, name;
    int64_t pid, tid;
    int64_t period;
    bool has_period;
};

struct perf_in {
    struct pf_profile *out;
    struct event event;
    bool is_open; /* an event's stack is being read */
    bool is_cut;  /* the line is the last, and lacks its newline */
    uint32_t frames[PERF_FRAMES_MAX];
    uint32_t frame_count;
    struct pf_line inlined[64]; /* waiting for the function they are in */
    uint32_t inlined_count;
    size_t events, with_stack;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct pf_bytes trim(struct pf_bytes line)
{
    const char *at = line.at;
    size_t size = line.size;

    while (size && (is_space(at[size - 1]) || at[size - 1] == '\r'))
        size--;
    while (size && is_space(*at)) {
        at++;
        size--;
    }
    return (struct pf_bytes){at, size};
}

/* A word of the line from *at on; empty at its end. */
static struct pf_bytes next_word(struct pf_bytes line, size_t *at)
{
    const char *text = line.at;

    while (*at < line.size && is_space(text[*at]))
        ++*at;
    size_t from = *at;
    while (*at < line.size && !is_space(text[*at]))
        ++*at;
    return (struct pf_bytes){text + from, *at - from};
}

static bool read_decimal(struct pf_bytes word, int64_t *out)
{
    const char *text = word.at;
    int64_t value = 0;

    if (word.size == 0 || word.size > 18)
        return false;
    for (size_t i = 0; i < word.size; i++) {
        if (!is_digit(text[i]))
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

/* "1234" or "1234/1235". */
static bool read_ids(struct pf_bytes word, struct event *event)
{
    const char *slash = memchr(word.at, '/', word.size);

    if (!slash) {
        if (!read_decimal(word, &event->tid))
            return false;
        event->pid = event->tid;
        return true;
    }
    size_t first = (size_t)(slash - (const char *)word.at);
    return read_decimal((struct pf_bytes){word.at, first}, &event->pid)
           && read_decimal((struct pf_bytes){slash + 1, word.size - first - 1}, &event->tid);
}

/* "1234.567890:" */
static bool is_time(struct pf_bytes word)
{
    const char *text = word.at;
    bool has_dot = false;

    if (word.size < 4 || text[word.size - 1] != ':')
        return false;
    for (size_t i = 0; i + 1 < word.size; i++) {
        if (!is_digit(text[i]) && text[i] != '.')
            return false;
        has_dot |= text[i] == '.';
    }
    return has_dot;
}

static bool is_cpu(struct pf_bytes word)
{
    const char *text = word.at;

    return word.size >= 3 && text[0] == '[' && is_digit(text[1]) && text[word.size - 1] == ']';
}

/* After the time: "[period] event:", and with -F also others; false if there is no event. */
static bool read_event_name(struct pf_bytes line, size_t at, struct event *event)
{
    struct pf_bytes word = next_word(line, &at);

    if (read_decimal(word, &event->period)) {
        event->has_period = true;
        word = next_word(line, &at);
    }
    const char *text = word.at;
    if (word.size < 2 || text[word.size - 1] != ':')
        return false;
    event->name = (struct pf_bytes){text, word.size - 1};
    return true;
}

/*
 * comm may hold spaces and digits: the ids are the last word before "[cpu]" or the time that reads
 * as ids.
 */
static bool read_header(struct pf_bytes line, struct event *event)
{
    struct pf_bytes word = {0}, before = {0};
    size_t at = 0;

    *event = (struct event){.period = 1};
    while ((word = next_word(line, &at)).size) {
        if (is_time(word))
            break;
        if (!is_cpu(word))
            before = word;
    }
    if (word.size == 0 || before.size == 0 || !read_ids(before, event))
        return false;
    size_t comm = (size_t)((const char *)before.at - (const char *)line.at);
    event->comm = trim((struct pf_bytes){line.at, comm});
    return read_event_name(line, at, event);
}

static uint32_t enter_text(struct pf_profile *out, struct pf_bytes text)
{
    return pf_profile_string_n(out, text.at, text.size);
}

static struct pf_bytes cut_offset(struct pf_bytes symbol)
{
    const char *plus = memrchr(symbol.at, '+', symbol.size);

    if (plus && symbol.size > (size_t)(plus - (const char *)symbol.at) + 3
        && memcmp(plus, "+0x", 3) == 0)
        symbol.size = (size_t)(plus - (const char *)symbol.at);
    return symbol;
}

static bool is_text(struct pf_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && memcmp(bytes.at, text, bytes.size) == 0;
}

/* "ffffffff81 symbol+0x12 (object)": address, symbol, object; a symbol may hold spaces, an object
 * parentheses " (deleted)". */
static bool divide_frame(struct pf_bytes line, uint64_t *address, struct pf_bytes *symbol,
                         struct pf_bytes *object)
{
    const char *text = line.at;
    size_t at = 0, digits = 0;

    *address = 0;
    for (; at < line.size && digits < 17; at++, digits++) {
        char c = text[at];
        if (is_digit(c))
            *address = *address << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *address = *address << 4 | (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    if (digits == 0 || digits > 16 || at >= line.size || !is_space(text[at])) {
        at = 0; /* an inlined frame has no address */
        *address = 0;
    }
    struct pf_bytes rest = trim((struct pf_bytes){text + at, line.size - at});
    const char *open = NULL;
    for (size_t i = rest.size;
         rest.size && ((const char *)rest.at)[rest.size - 1] == ')' && i-- > 1;)
        if (((const char *)rest.at)[i] == '(' && is_space(((const char *)rest.at)[i - 1])) {
            open = (const char *)rest.at + i;
            if (i + 9 > rest.size || memcmp(open, "(deleted)", 9) != 0)
                break;
        }
    if (!open)
        return false;
    size_t before = (size_t)(open - (const char *)rest.at);
    *symbol = cut_offset(trim((struct pf_bytes){rest.at, before}));
    *object = (struct pf_bytes){open + 1, rest.size - before - 2};
    return symbol->size > 0;
}

static uint32_t enter_mapping(struct pf_profile *out, struct pf_bytes object)
{
    struct pf_mapping mapping = {.has_functions = true};

    if (is_text(object, "[unknown]") || object.size == 0)
        return PF_NONE;
    mapping.file = is_text(object, "[kernel.kallsyms]") ? pf_profile_string(out, "[kernel]")
                                                        : enter_text(out, object);
    return pf_profile_mapping(out, &mapping);
}

/* An address of an object whose base is not printed: it names the place, and equal ones are one. */
static uint32_t enter_frame(struct perf_in *in, uint64_t address, struct pf_bytes symbol,
                            struct pf_bytes object)
{
    struct pf_location location = {.address = address};

    location.mapping = enter_mapping(in->out, object);
    if (!is_text(symbol, "[unknown]")) {
        struct pf_function function = {.name = enter_text(in->out, symbol)};
        in->inlined[in->inlined_count++] =
            (struct pf_line){pf_profile_function(in->out, &function), 0};
    }
    location.line_count = in->inlined_count;
    in->inlined_count = 0;
    return pf_profile_location_with_lines(in->out, &location, in->inlined);
}

static bool read_frame(struct perf_in *in, struct pf_bytes line)
{
    struct pf_bytes symbol = {0}, object = {0};
    uint64_t address = 0;

    if (!divide_frame(line, &address, &symbol, &object))
        return false;
    if (is_text(object, "inlined")) {
        struct pf_function function = {.name = enter_text(in->out, symbol)};
        if (in->inlined_count + 1 < sizeof in->inlined / sizeof in->inlined[0])
            in->inlined[in->inlined_count++] =
                (struct pf_line){pf_profile_function(in->out, &function), 0};
        return true;
    }
    uint32_t location = enter_frame(in, address, symbol, object);
    if (in->frame_count < PERF_FRAMES_MAX)
        in->frames[in->frame_count++] = location;
    return true;
}

static void close_event(struct perf_in *in)
{
    const struct event *event = &in->event;

    if (!in->is_open)
        return;
    in->is_open = false;
    in->inlined_count = 0;
    if (in->frame_count == 0)
        return;
    struct pf_label labels[] = {
        {.key = pf_profile_string(in->out, "process"), .str = enter_text(in->out, event->comm)},
        {.key = pf_profile_string(in->out, "pid"), .num = event->pid},
        {.key = pf_profile_string(in->out, "tid"), .num = event->tid},
    };
    uint32_t set = pf_profile_label_set(in->out, labels, 3);
    uint32_t stack = pf_profile_stack(in->out, in->frames, in->frame_count);
    (void)pf_profile_add(in->out, stack, set, (int64_t[]){1, event->period});
    in->with_stack++;
}

/* The second column is what the first event counts: time for clocks, else the event itself. */
static void name_columns(struct perf_in *in)
{
    struct pf_bytes name = in->event.name;
    char text[128];
    bool is_clock =
        name.size >= 9
        && (memcmp(name.at, "cpu-clock", 9) == 0 || memcmp(name.at, "task-cloc", 9) == 0);

    (void)snprintf(text, sizeof text, "%.*s", (int)(name.size < 100 ? name.size : 100),
                   (const char *)name.at);
    (void)pf_profile_add_value_type(in->out, "samples", "count");
    (void)pf_profile_add_value_type(in->out, is_clock ? "cpu" : text,
                                    is_clock ? "nanoseconds" : "count");
    in->out->default_value = in->event.has_period ? 1 : 0;
}

static bool is_frame_line(struct pf_bytes line)
{
    return line.size > 1 && is_space(*(const char *)line.at);
}

/* The file ends in the middle of a stack, of which nobody knows how it went on. */
static bool drop_event(struct perf_in *in)
{
    in->is_open = false;
    pf_left_out_note(in->out, "the last event, which is cut short");
    return true;
}

static bool read_line(struct perf_in *in, struct pf_bytes line, size_t number, struct pf_err *err)
{
    struct event event;
    struct pf_bytes trimmed = trim(line);

    if (trimmed.size == 0) {
        close_event(in);
        return true;
    }
    if (*(const char *)line.at == '#')
        return true;
    if (in->is_open && is_frame_line(line) && read_frame(in, trimmed))
        return true;
    if (!read_header(trimmed, &event)) {
        if (in->is_open && is_frame_line(line) && in->is_cut)
            return drop_event(in);
        if (in->is_open && is_frame_line(line))
            return pf_err_set(err, PF_ERR_FORMAT, "perf script: line %zu is no stack frame",
                              number);
        return true; /* a side band event, or a field we do not ask for */
    }
    close_event(in);
    in->event = event;
    if (in->events++ == 0)
        name_columns(in);
    in->is_open = true;
    in->frame_count = 0;
    return true;
}

/* An event's header within the first lines, and a frame right under one. */
bool pf_perf_script_looks_like(struct pf_bytes bytes)
{
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;
    struct event event;

    for (unsigned i = 0; i < 200 && pf_cursor_line(&cursor, &line); i++)
        if (line.size < 4096 && line.size && *(const char *)line.at != '#'
            && read_header(trim(line), &event))
            return true;
    return false;
}

bool pf_perf_script_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct perf_in *in = pf_mem_new(1, sizeof *in);
    struct pf_cursor cursor = pf_cursor_view(bytes);
    struct pf_bytes line;
    bool ok = true;

    in->out = out;
    for (size_t number = 1; ok && pf_cursor_line(&cursor, &line); number++) {
        in->is_cut = pf_cursor_left(&cursor) == 0 && cursor.at[-1] != '\n';
        ok = read_line(in, line, number, err);
    }
    close_event(in);
    if (ok && in->events == 0)
        ok = pf_err_set(err, PF_ERR_FORMAT, "perf script: there is no event in it");
    else if (ok && in->with_stack == 0)
        ok = pf_err_set(err, PF_ERR_FORMAT,
                        "perf script: no event has a stack: record with perf record -g");
    if (ok && out->is_full)
        ok = pf_err_set(err, PF_ERR_LIMIT, "perf script: more items than a profile may hold");
    free(in);
    return ok;
}
