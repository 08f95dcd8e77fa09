/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_in.h"

#include <stdio.h>
#include <string.h>

#include "profiler/attach/proc_maps.h"
#include "profiler/elf/elf_file.h"
#include "profiler/elf/elf_symbols.h"

enum { ENTRY_PATH_BYTES = 4096 + 64 };

static const char region_name[] = "/memfd:assay-agent";

static bool is_region(const struct pf_proc_map *map, const void *unused)
{
    (void)unused;
    return map->path.size == sizeof region_name - 1
           && memcmp(map->path.at, region_name, map->path.size) == 0;
}

/* The first mapping of a file of that name: its path's last part. */
static bool is_head_of(const struct pf_proc_map *map, const void *file_name)
{
    size_t size = strlen(file_name);
    const char *path = map->path.at;

    return map->file_offset == 0 && map->path.size > size && path[map->path.size - size - 1] == '/'
           && memcmp(path + map->path.size - size, file_name, size) == 0;
}

/* The first mapping that is what is looked for; a view of text. */
static bool find(struct pf_proc_map *out, const struct pf_buf *text,
                 bool (*is_it)(const struct pf_proc_map *, const void *), const void *with)
{
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(text));
    struct pf_bytes line;

    while (pf_cursor_line(&cursor, &line))
        if (pf_proc_map_parse(out, line) && is_it(out, with))
            return true;
    return false;
}

bool pf_agent_is_in(pid_t pid)
{
    struct pf_buf text = {0};
    struct pf_proc_map map;
    struct pf_err ignored;

    bool known = pf_proc_maps_read(&text, pid, &ignored);
    bool found = known && find(&map, &text, is_region, NULL);
    pf_buf_fini(&text);
    return found || !known;
}

static uint64_t entry_of(pid_t pid, const struct pf_proc_map *map, const char *function)
{
    char path[ENTRY_PATH_BYTES];
    struct pf_elf elf = {0};
    struct pf_err ignored;
    uint64_t bias = 0, at = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/root%.*s", (int)pid, (int)map->path.size,
                   (const char *)map->path.at);
    bool ok = !map->is_deleted && pf_elf_open(&elf, path, &ignored)
              && pf_elf_bias(&elf, map->start, map->file_offset, &bias)
              && pf_elf_function_addr(&elf, function, &at);
    pf_elf_close(&elf);
    return ok ? at + bias : 0;
}

uint64_t pf_agent_entry_in(pid_t pid, const char *file_name, const char *function)
{
    struct pf_buf text = {0};
    struct pf_proc_map map;
    struct pf_err ignored;
    uint64_t at = 0;

    if (pf_proc_maps_read(&text, pid, &ignored) && find(&map, &text, is_head_of, file_name))
        at = entry_of(pid, &map, function);
    pf_buf_fini(&text);
    return at;
}
