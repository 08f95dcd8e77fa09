/* SPDX-License-Identifier: MIT */
#include "profiler/leak/leak_suppress.h"

#include <stdlib.h>
#include <string.h>

void pf_leak_suppress_fini(struct pf_leak_suppress *suppress)
{
    free(suppress->templates);
    pf_arena_fini(&suppress->arena);
    *suppress = (struct pf_leak_suppress){0};
}

static struct pf_bytes trimmed(struct pf_bytes line)
{
    const char *at = line.at;
    size_t size = line.size;

    while (size > 0 && strchr(" \t\r", at[size - 1]))
        size--;
    while (size > 0 && strchr(" \t", *at)) {
        at++;
        size--;
    }
    return (struct pf_bytes){at, size};
}

static bool add(struct pf_leak_suppress *suppress, struct pf_bytes pattern)
{
    if (suppress->count == PF_LEAK_SUPPRESSIONS_MAX)
        return false;
    if (suppress->count == suppress->capacity) {
        suppress->capacity = suppress->capacity ? suppress->capacity * 2 : 16;
        suppress->templates =
            pf_mem_resize(suppress->templates, suppress->capacity, sizeof *suppress->templates);
    }
    suppress->templates[suppress->count++] =
        pf_arena_text(&suppress->arena, pattern.at, pattern.size);
    return true;
}

bool pf_leak_suppress_parse(struct pf_leak_suppress *suppress, struct pf_bytes text,
                            const char *name, struct pf_err *err)
{
    static const char prefix[] = "leak:";
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes line;
    unsigned number = 0;

    while (pf_cursor_line(&cursor, &line)) {
        struct pf_bytes rest = trimmed(line);
        number++;
        if (rest.size == 0 || *(const char *)rest.at == '#')
            continue;
        if (rest.size < sizeof prefix || memcmp(rest.at, prefix, sizeof prefix - 1) != 0
            || memchr(rest.at, 0, rest.size))
            return pf_err_set(err, PF_ERR_FORMAT,
                              "%s:%u: no suppression: a line reads leak:TEMPLATE, for example "
                              "leak:known_function",
                              name, number);
        if (!add(suppress, pf_bytes_part(rest, sizeof prefix - 1, rest.size - sizeof prefix + 1)))
            return pf_err_set(err, PF_ERR_LIMIT, "%s:%u: more than %d suppressions", name, number,
                              PF_LEAK_SUPPRESSIONS_MAX);
    }
    return true;
}

/* The pattern's next literal piece, up to a star, its end, or a '$' that ends the pattern. */
static size_t piece_size(const char *pattern)
{
    size_t size = strcspn(pattern, "*");

    if (size > 0 && pattern[size] == 0 && pattern[size - 1] == '$')
        size--;
    return size;
}

static bool ends_with(const char *text, const char *piece, size_t size)
{
    size_t text_size = strlen(text);

    return text_size >= size && memcmp(text + text_size - size, piece, size) == 0;
}

static const char *find_piece(const char *text, const char *piece, size_t size)
{
    return size == 0 ? text : memmem(text, strlen(text), piece, size);
}

bool pf_leak_template_matches(const char *pattern, const char *text)
{
    bool is_tied = *pattern == '^';

    pattern += is_tied;
    while (*pattern) {
        if (*pattern == '*') {
            pattern++;
            is_tied = false;
            continue;
        }
        size_t size = piece_size(pattern);
        if (pattern[size] == '$') /* the last piece must end the text, wherever it occurs before */
            return is_tied ? strlen(text) == size && memcmp(text, pattern, size) == 0
                           : ends_with(text, pattern, size);
        const char *at = find_piece(text, pattern, size);
        if (!at || (is_tied && at != text))
            return false;
        text = at + size;
        pattern += size;
        is_tied = true;
    }
    return true;
}

bool pf_leak_suppress_matches(const struct pf_leak_suppress *suppress, const char *function,
                              const char *file, const char *object)
{
    const char *const names[] = {function, file, object};

    for (uint32_t i = 0; i < suppress->count; i++)
        for (unsigned n = 0; n < sizeof names / sizeof *names; n++)
            if (names[n] && *names[n] && pf_leak_template_matches(suppress->templates[i], names[n]))
                return true;
    return false;
}
