/* SPDX-License-Identifier: MIT */
#include "profiler/attach/address_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/proc_maps.h"
#include "profiler/base/arena.h"
#include "profiler/unwind/unwind_cache.h"

/* More executable mappings than a process may have at all by default (vm.max_map_count). */
enum { MAPS_FIRST = 32, MAPS_MAX = 1 << 17, CACHE_LINE_BYTES = 64 };

void pf_space_fini(struct pf_space *space)
{
    free(space->maps);
    free(space->codes);
    free(space->walks);
    *space = (struct pf_space){0};
}

void pf_space_reset(struct pf_space *space)
{
    space->count = 0;
    space->is_built = false;
}

/* The first mapping that ends above an address. */
static uint32_t first_above(const struct pf_space *space, uint64_t addr)
{
    uint32_t low = 0;
    uint32_t high = space->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (space->maps[middle].end <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert_at(struct pf_space *space, uint32_t at, const struct pf_space_map *map)
{
    if (space->count == MAPS_MAX)
        return;
    if (space->count == space->capacity) {
        space->capacity = space->capacity ? space->capacity * 2 : MAPS_FIRST;
        space->maps = pf_mem_resize(space->maps, space->capacity, sizeof *space->maps);
    }
    memmove(&space->maps[at + 1], &space->maps[at], (space->count - at) * sizeof *space->maps);
    space->maps[at] = *map;
    space->count++;
}

static void remove_run(struct pf_space *space, uint32_t at, uint32_t end)
{
    if (at == end)
        return;
    memmove(&space->maps[at], &space->maps[end], (space->count - end) * sizeof *space->maps);
    space->count -= end - at;
}

/* Cut [start, end) out of what is there; parts that stick out stay. */
static void cut_out(struct pf_space *space, uint64_t start, uint64_t end)
{
    uint32_t at = first_above(space, start);

    if (at < space->count && space->maps[at].start < start) {
        struct pf_space_map tail = space->maps[at];
        space->maps[at].end = start;
        at++;
        if (tail.end > end) {
            tail.file_offset += end - tail.start;
            tail.start = end;
            insert_at(space, at, &tail);
            return;
        }
    }
    uint32_t last = at;
    while (last < space->count && space->maps[last].end <= end)
        last++;
    remove_run(space, at, last);
    if (at < space->count && space->maps[at].start < end) {
        space->maps[at].file_offset += end - space->maps[at].start;
        space->maps[at].start = end;
    }
}

static void enter(struct pf_space *space, const struct pf_space_map *map)
{
    cut_out(space, map->start, map->end);
    insert_at(space, first_above(space, map->start), map);
    space->is_built = false;
}

/* Code with a file is known by the file; anonymous code is each process's own, and so are the names
 * for it: two processes forked from one have theirs at the same addresses. */
static uint32_t enter_object(struct pf_mapped_objects *objects, struct pf_object_key key, pid_t pid)
{
    char jit[32];
    bool is_anonymous = key.path.size == 0 || memcmp(key.path.at, "//", 2) == 0;

    if (is_anonymous) {
        int size = snprintf(jit, sizeof jit, "[jit:%d]", (int)pid);
        key.path = (struct pf_bytes){jit, (size_t)size};
    }
    if (is_anonymous || key.inode == 0)
        key.private_to = pid;
    return pf_mapped_objects_enter(objects, &key);
}

static void enter_proc_map(struct pf_space *space, const struct pf_proc_map *from,
                           struct pf_mapped_objects *objects)
{
    struct pf_object_key key = {.path = from->path,
                                .inode = from->inode,
                                .device_major = from->device_major,
                                .device_minor = from->device_minor};
    struct pf_space_map map = {.start = from->start,
                               .end = from->end,
                               .file_offset = from->file_offset,
                               .object = enter_object(objects, key, space->pid)};

    if (from->is_deleted)
        objects->at[map.object].is_deleted = true;
    enter(space, &map);
}

bool pf_space_read(struct pf_space *space, pid_t pid, struct pf_mapped_objects *objects,
                   struct pf_err *err)
{
    struct pf_buf text = {0};
    bool ok = pf_proc_maps_read(&text, pid, err);

    if (ok) {
        struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&text));
        struct pf_bytes line;
        struct pf_proc_map map;

        pf_space_reset(space);
        space->pid = pid;
        while (pf_cursor_line(&cursor, &line))
            if (pf_proc_map_parse(&map, line) && (map.permissions & PF_MAP_EXEC))
                enter_proc_map(space, &map, objects);
    }
    pf_buf_fini(&text);
    return ok;
}

void pf_space_mmap(struct pf_space *space, const struct pf_event_mmap *mmap,
                   struct pf_mapped_objects *objects)
{
    struct pf_object_key key = {.path = {mmap->path, strlen(mmap->path)},
                                .inode = mmap->inode,
                                .device_major = mmap->device_major,
                                .device_minor = mmap->device_minor};
    struct pf_space_map map = {
        .start = mmap->start, .end = mmap->start + mmap->size, .file_offset = mmap->file_offset};

    if (!(mmap->prot & PROT_EXEC) || map.end <= map.start)
        return;
    map.object = enter_object(objects, key, space->pid);
    enter(space, &map);
}

void pf_space_copy(struct pf_space *to, const struct pf_space *from, pid_t pid)
{
    pf_space_fini(to);
    to->pid = pid;
    to->count = from->count;
    to->capacity = from->count;
    if (from->count) {
        to->maps = pf_mem_new(from->count, sizeof *to->maps);
        memcpy(to->maps, from->maps, from->count * sizeof *to->maps);
    }
}

void pf_space_lay_over(struct pf_space *space, const struct pf_space *over)
{
    for (uint32_t i = 0; i < over->count; i++)
        enter(space, &over->maps[i]);
}

static void build_code(struct pf_space *space, struct pf_mapped_objects *objects, uint32_t index)
{
    const struct pf_space_map *map = &space->maps[index];
    struct pf_object_sight sight = {space->pid, map->start, map->end, map->file_offset};
    struct pf_code *code = &space->codes[index];

    pf_mapped_objects_load(objects, map->object, &sight);
    const struct pf_mapped_object *object = &objects->at[map->object];
    *code = (struct pf_code){.start = map->start, .end = map->end, .object = map->object};
    code->rows = pf_mapped_object_rows(object, &sight, &code->bias);
    if (!code->rows && object->private_to)
        code->flags = PF_CODE_FRAME_POINTERS;
}

struct pf_code_map pf_space_code(struct pf_space *space, struct pf_mapped_objects *objects)
{
    if (!space->is_built) {
        space->codes = pf_mem_resize(space->codes, space->count + 1, sizeof *space->codes);
        for (uint32_t i = 0; i < space->count; i++)
            build_code(space, objects, i);
        space->is_built = true;
        free(space->walks);
        space->walks = NULL;
    }
    return (struct pf_code_map){space->codes, space->count};
}

struct pf_unwind_cache *pf_space_walks(struct pf_space *space)
{
    if (!space->walks)
        space->walks = pf_mem_new(1, PF_UNWIND_CACHE_BYTES + CACHE_LINE_BYTES);
    uintptr_t at = (uintptr_t)space->walks;
    return pf_unwind_cache_view((char *)space->walks + (-at & (CACHE_LINE_BYTES - 1)));
}

const struct pf_space_map *pf_space_find(const struct pf_space *space, uint64_t pc)
{
    uint32_t at = first_above(space, pc);

    return at < space->count && space->maps[at].start <= pc ? &space->maps[at] : NULL;
}
