/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_maps.h"

#include <stdio.h>
#include <string.h>

#include "profiler/base/file.h"

enum { MAPS_BYTES_MAX = 64 << 20 };

static bool take_number(struct pf_cursor *cursor, unsigned base, uint64_t *out)
{
    const uint8_t *from = cursor->at;
    uint64_t value = 0;

    while (cursor->at < cursor->end) {
        unsigned digit = *cursor->at;
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if (digit >= 'a' && digit <= 'f')
            digit -= 'a' - 10;
        else
            break;
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
        cursor->at++;
    }
    *out = value;
    return cursor->at > from;
}

static bool take_char(struct pf_cursor *cursor, char wanted)
{
    return pf_cursor_u8(cursor) == (uint8_t)wanted && !cursor->failed;
}

static bool take_permissions(struct pf_cursor *cursor, uint32_t *out)
{
    uint8_t letters[4];

    for (unsigned i = 0; i < sizeof letters; i++)
        letters[i] = pf_cursor_u8(cursor);
    *out = (letters[0] == 'r' ? PF_MAP_READ : 0u) | (letters[1] == 'w' ? PF_MAP_WRITE : 0u)
           | (letters[2] == 'x' ? PF_MAP_EXEC : 0u) | (letters[3] == 's' ? PF_MAP_SHARED : 0u);
    return !cursor->failed;
}

static void take_path(struct pf_proc_map *map, struct pf_cursor *cursor)
{
    static const char deleted[] = " (deleted)";
    const size_t tail = sizeof deleted - 1;

    while (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
    map->path = (struct pf_bytes){cursor->at, pf_cursor_left(cursor)};
    if (map->path.size > tail && memcmp(cursor->end - tail, deleted, tail) == 0) {
        map->path.size -= tail;
        map->is_deleted = true;
    }
}

bool pf_proc_map_parse(struct pf_proc_map *out, struct pf_bytes line)
{
    struct pf_cursor cursor = pf_cursor_view(line);
    struct pf_proc_map map = {0};
    uint64_t major;
    uint64_t minor;

    if (!take_number(&cursor, 16, &map.start) || !take_char(&cursor, '-')
        || !take_number(&cursor, 16, &map.end) || !take_char(&cursor, ' ')
        || !take_permissions(&cursor, &map.permissions) || !take_char(&cursor, ' ')
        || !take_number(&cursor, 16, &map.file_offset) || !take_char(&cursor, ' ')
        || !take_number(&cursor, 16, &major) || !take_char(&cursor, ':')
        || !take_number(&cursor, 16, &minor) || !take_char(&cursor, ' ')
        || !take_number(&cursor, 10, &map.inode) || map.end <= map.start)
        return false;
    map.device_major = (uint32_t)major;
    map.device_minor = (uint32_t)minor;
    take_path(&map, &cursor);
    *out = map;
    return true;
}

bool pf_proc_maps_read(struct pf_buf *out, pid_t pid, struct pf_err *err)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    return pf_file_read(out, path, MAPS_BYTES_MAX, err);
}
