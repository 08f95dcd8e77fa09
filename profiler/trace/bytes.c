/* SPDX-License-Identifier: MIT */
#include "profiler/trace/bytes.h"

#include <string.h>

struct pf_bytes pf_bytes_part(struct pf_bytes whole, uint64_t offset, uint64_t size)
{
    if (!whole.at || offset > whole.size || size > whole.size - offset)
        return (struct pf_bytes){0};
    return (struct pf_bytes){(const uint8_t *)whole.at + offset, (size_t)size};
}

struct pf_cursor pf_cursor_view(struct pf_bytes bytes)
{
    const uint8_t *at = bytes.at;
    return (struct pf_cursor){.at = at, .end = bytes.size ? at + bytes.size : at};
}

size_t pf_cursor_left(const struct pf_cursor *cursor)
{
    return cursor->failed ? 0 : (size_t)(cursor->end - cursor->at);
}

/* Steps over size bytes and returns where they began, or NULL. */
static const uint8_t *take(struct pf_cursor *cursor, uint64_t size)
{
    if (cursor->failed || size > (uint64_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += size;
    return at;
}

uint8_t pf_cursor_u8(struct pf_cursor *cursor)
{
    const uint8_t *at = take(cursor, 1);
    return at ? *at : 0;
}

uint16_t pf_cursor_u16(struct pf_cursor *cursor)
{
    uint16_t value = 0;
    const uint8_t *at = take(cursor, sizeof value);
    if (at)
        memcpy(&value, at, sizeof value);
    return value;
}

uint32_t pf_cursor_u32(struct pf_cursor *cursor)
{
    uint32_t value = 0;
    const uint8_t *at = take(cursor, sizeof value);
    if (at)
        memcpy(&value, at, sizeof value);
    return value;
}

uint64_t pf_cursor_u64(struct pf_cursor *cursor)
{
    uint64_t value = 0;
    const uint8_t *at = take(cursor, sizeof value);
    if (at)
        memcpy(&value, at, sizeof value);
    return value;
}

/* Seven bits a byte, least first; stops after ten, which hold 64. Returns the shift reached. */
static unsigned read_leb(struct pf_cursor *cursor, uint64_t *value, uint8_t *last)
{
    unsigned shift = 0;

    *value = 0;
    do {
        const uint8_t *at = take(cursor, 1);
        if (!at)
            return 0;
        if (shift >= 70) {
            cursor->failed = true;
            return 0;
        }
        *last = *at;
        if (shift < 64)
            *value |= (uint64_t)(*last & 0x7f) << shift;
        shift += 7;
    } while (*last & 0x80);
    return shift;
}

uint64_t pf_cursor_uleb(struct pf_cursor *cursor)
{
    uint64_t value = 0;
    uint8_t last = 0;
    unsigned shift = read_leb(cursor, &value, &last);

    if (shift == 70 && last > 1)
        cursor->failed = true;
    return cursor->failed ? 0 : value;
}

int64_t pf_cursor_sleb(struct pf_cursor *cursor)
{
    uint64_t value = 0;
    uint8_t last = 0;
    unsigned shift = read_leb(cursor, &value, &last);

    if (cursor->failed)
        return 0;
    if (shift < 64 && (last & 0x40))
        value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
}

const char *pf_cursor_cstr(struct pf_cursor *cursor)
{
    size_t left = pf_cursor_left(cursor);
    const uint8_t *nul = left ? memchr(cursor->at, 0, left) : NULL;

    if (!nul) {
        cursor->failed = true;
        return "";
    }
    const char *text = (const char *)cursor->at;
    cursor->at = nul + 1;
    return text;
}

struct pf_bytes pf_cursor_bytes(struct pf_cursor *cursor, uint64_t size)
{
    const uint8_t *at = take(cursor, size);
    return at ? (struct pf_bytes){at, (size_t)size} : (struct pf_bytes){0};
}

bool pf_cursor_line(struct pf_cursor *cursor, struct pf_bytes *line)
{
    size_t left = pf_cursor_left(cursor);
    if (left == 0)
        return false;

    const uint8_t *newline = memchr(cursor->at, '\n', left);
    size_t size = newline ? (size_t)(newline - cursor->at) : left;
    *line = (struct pf_bytes){cursor->at, size};
    cursor->at += newline ? size + 1 : size;
    return true;
}
