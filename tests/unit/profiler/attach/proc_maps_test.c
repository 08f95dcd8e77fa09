/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_maps.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static bool parse(struct pf_proc_map *out, const char *text)
{
    return pf_proc_map_parse(out, (struct pf_bytes){text, strlen(text)});
}

static bool path_is(const struct pf_proc_map *map, const char *path)
{
    return map->path.size == strlen(path) && memcmp(map->path.at, path, map->path.size) == 0;
}

Test(proc_maps, a_line_is_spelled_out)
{
    struct pf_proc_map map;

    cr_assert(parse(&map,
                    "7f00aa000000-7f00aa021000 r-xp 0001f000 fe:01 131844                     "
                    "/usr/lib/with space.so"));
    cr_expect_eq(map.start, 0x7f00aa000000u);
    cr_expect_eq(map.end, 0x7f00aa021000u);
    cr_expect_eq(map.file_offset, 0x1f000u);
    cr_expect_eq(map.permissions, (unsigned)PF_MAP_READ | PF_MAP_EXEC);
    cr_expect_eq(map.device_major, 0xfeu);
    cr_expect_eq(map.device_minor, 1u);
    cr_expect_eq(map.inode, 131844u);
    cr_expect(path_is(&map, "/usr/lib/with space.so"));
    cr_expect_not(map.is_deleted);
}

Test(proc_maps, deleted_files_keep_their_path)
{
    struct pf_proc_map map;

    cr_assert(parse(&map, "1000-2000 r-xp 0 00:01 5   /usr/sbin/nginx (deleted)"));
    cr_expect(path_is(&map, "/usr/sbin/nginx"));
    cr_expect(map.is_deleted);
}

Test(proc_maps, anonymous_memory_has_no_path)
{
    struct pf_proc_map map;

    cr_assert(parse(&map, "1000-2000 rwxs 00000000 00:00 0 "));
    cr_expect_eq(map.path.size, 0u);
    cr_expect_eq(map.permissions, 15u);
    cr_assert(parse(&map, "1000-2000 ---p 00000000 00:00 0"));
    cr_expect_eq(map.permissions, 0u);
}

Test(proc_maps, what_is_no_line_is_refused)
{
    static const char *const lines[] = {
        "",
        "1000",
        "1000-",
        "1000-2000",
        "1000-2000 r",
        "1000-2000 r-xp",
        "1000-2000 r-xp 0",
        "1000-2000 r-xp 0 00",
        "1000-2000 r-xp 0 00:01",
        "1000-2000 r-xp 0 00:01 ",
        "2000-1000 r-xp 0 00:01 5",
        "2000-2000 r-xp 0 00:01 5",
        "zzzz-2000 r-xp 0 00:01 5",
        "1000 2000 r-xp 0 00:01 5",
        "10000000000000000-2 r-xp 0 00:01 5",
        "1000-10000000000000000 r-xp 0 00:01 5",
        "1000-2000 r-xp 0 00:01 99999999999999999999999",
    };
    struct pf_proc_map map;

    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_not(parse(&map, lines[i]), "%s", lines[i]);
}

Test(proc_maps, our_own_name_this_function)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    struct pf_bytes line;
    struct pf_proc_map map;
    uint64_t here = (uint64_t)(uintptr_t)&path_is;
    bool found = false;

    cr_assert(pf_proc_maps_read(&text, getpid(), &err), "%s", err.text);
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&text));
    while (pf_cursor_line(&cursor, &line)) {
        cr_assert(pf_proc_map_parse(&map, line));
        found = found
                || (map.start <= here && here < map.end && (map.permissions & PF_MAP_EXEC)
                    && map.inode != 0);
    }
    cr_expect(found);
    pf_buf_fini(&text);
}

Test(proc_maps, a_process_that_is_gone_is_an_error)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};

    cr_expect_not(pf_proc_maps_read(&text, 1 << 29, &err));
    cr_expect_eq(err.code, PF_ERR_NOT_FOUND);
    pf_buf_fini(&text);
}
