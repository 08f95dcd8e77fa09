/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/textmap.h"

#include <elf.h>
#include <string.h>

enum {
    COVERS_MAX = 1 << 22, /* entries times the queries each covers */
    NAME_BYTES_MAX = 4096,
};

/* A hexadecimal number, with or without 0x, and the space after it. */
static bool take_hex(struct pf_cursor *cursor, uint64_t *out)
{
    uint64_t value = 0;
    unsigned digits = 0;

    if (pf_cursor_left(cursor) > 2 && cursor->at[0] == '0' && (cursor->at[1] | 32) == 'x')
        cursor->at += 2;
    for (; cursor->at < cursor->end; cursor->at++, digits++) {
        uint8_t c = *cursor->at;
        uint8_t lower = c | 32;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | (uint64_t)(lower - 'a' + 10);
        else
            break;
    }
    if (digits == 0 || digits > 16 || cursor->at == cursor->end || *cursor->at != ' ')
        return false;
    cursor->at++;
    *out = value;
    return true;
}

/* What is left of a line as a name: printable, NUL-terminated, in the arena. */
static const char *keep_name(struct pf_arena *arena, const struct pf_cursor *cursor)
{
    size_t size = pf_cursor_left(cursor);

    if (size > NAME_BYTES_MAX)
        size = NAME_BYTES_MAX;
    while (size > 0 && (cursor->at[size - 1] == '\r' || cursor->at[size - 1] == ' '))
        size--;
    if (size == 0)
        return NULL;

    char *name = pf_arena_text(arena, (const char *)cursor->at, size);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127)
            name[i] = '?';
    return name;
}

void pf_perfmap_match(struct pf_bytes text, struct pf_queries *queries)
{
    struct pf_cursor lines = pf_cursor_view(text);
    struct pf_bytes line;
    size_t covered = 0;

    while (covered < COVERS_MAX && pf_cursor_line(&lines, &line)) {
        struct pf_cursor cursor = pf_cursor_view(line);
        struct pf_symbol symbol = {0};
        if (!take_hex(&cursor, &symbol.value) || !take_hex(&cursor, &symbol.size))
            continue;

        for (size_t i = pf_queries_from(queries, symbol.value);
             i < queries->count && queries->at[i].file_addr - symbol.value < symbol.size; i++) {
            if (!symbol.name)
                symbol.name = keep_name(queries->arena, &cursor);
            if (!symbol.name)
                break;
            queries->at[i].symbol = symbol;
            covered++;
        }
    }
}

/* Every query takes the nearest of what stands before it or lies below it. */
static void spread_labels(struct pf_queries *queries)
{
    for (size_t i = 1; i < queries->count; i++)
        if (queries->at[i - 1].label.value > queries->at[i].label.value)
            queries->at[i].label = queries->at[i - 1].label;
    for (size_t i = 0; i < queries->count; i++)
        queries->at[i].symbol = queries->at[i].label;
}

static void read_kallsyms_line(struct pf_bytes line, struct pf_queries *queries)
{
    struct pf_cursor cursor = pf_cursor_view(line);
    struct pf_symbol symbol = {.type = STT_FUNC};

    if (!take_hex(&cursor, &symbol.value) || symbol.value == 0 || pf_cursor_left(&cursor) < 3)
        return;
    uint8_t type = cursor.at[0] | 32;
    size_t first = pf_queries_from(queries, symbol.value);
    if ((type != 't' && type != 'w') || cursor.at[1] != ' ' || first == queries->count
        || queries->at[first].label.value >= symbol.value)
        return;

    cursor.at += 2;
    const uint8_t *tab = memchr(cursor.at, '\t', pf_cursor_left(&cursor));
    if (tab)
        cursor.end = tab;
    symbol.name = keep_name(queries->arena, &cursor);
    if (symbol.name)
        queries->at[first].label = symbol;
}

void pf_kallsyms_match(struct pf_bytes text, struct pf_queries *queries)
{
    struct pf_cursor lines = pf_cursor_view(text);
    struct pf_bytes line;

    while (queries->count && pf_cursor_line(&lines, &line))
        read_kallsyms_line(line, queries);
    spread_labels(queries);
}
