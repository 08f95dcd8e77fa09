/* SPDX-License-Identifier: MIT */
#include "profiler/attach/stack_pages.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "profiler/attach/proc_maps.h"

/* The part of a stack that is made to be there. */
enum { OUTER_BYTES = 128 << 10, PAGES_MAX = OUTER_BYTES / 4096 };

static bool is_named(const struct pf_proc_map *map, const char *name)
{
    return map->path.size == strlen(name) && memcmp(map->path.at, name, map->path.size) == 0;
}

static bool is_private_data(const struct pf_proc_map *map)
{
    return map->permissions == (PF_MAP_READ | PF_MAP_WRITE) && map->path.size == 0;
}

static bool is_guard(const struct pf_proc_map *map)
{
    return map->permissions == 0 && map->path.size == 0;
}

uint32_t pf_stack_pages_find(struct pf_bytes maps, struct pf_stack_range *out, uint32_t max)
{
    struct pf_cursor cursor = pf_cursor_view(maps);
    struct pf_proc_map before = {0};
    struct pf_bytes line;
    uint32_t count = 0;

    while (count < max && pf_cursor_line(&cursor, &line)) {
        struct pf_proc_map map;
        if (!pf_proc_map_parse(&map, line))
            continue;
        bool is_behind_guard = is_guard(&before) && before.end == map.start;
        if (is_named(&map, "[stack]") || (is_private_data(&map) && is_behind_guard))
            out[count++] = (struct pf_stack_range){map.start, map.end};
        before = map;
    }
    return count;
}

/* A byte of each page, the outermost first. */
void pf_stack_pages_touch(pid_t pid, const struct pf_stack_range *stack)
{
    uint8_t bytes[PAGES_MAX];
    struct iovec pages[PAGES_MAX];
    struct iovec into = {.iov_base = bytes};
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t at = (stack->end + page - 1) / page * page;
    unsigned count = 0;

    while (count < PAGES_MAX && at > stack->start) {
        at -= page;
        pages[count++] = (struct iovec){(void *)(uintptr_t)at, 1};
    }
    into.iov_len = count;
    (void)process_vm_readv(pid, &into, 1, pages, count, 0);
}

void pf_stack_pages_list(struct pf_stack_list *out, pid_t pid)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};

    out->count = 0;
    if (pf_proc_maps_read(&text, pid, &err))
        out->count = pf_stack_pages_find(pf_buf_view(&text), out->at, PF_STACK_PAGES_MAX);
    pf_buf_fini(&text);
}

void pf_stack_pages_fault_in(const struct pf_stack_list *stacks, pid_t pid)
{
    for (uint32_t i = 0; i < stacks->count; i++)
        pf_stack_pages_touch(pid, &stacks->at[i]);
}

bool pf_stack_pages_below(const struct pf_stack_list *stacks, uint64_t stack_pointer,
                          uint64_t bytes, struct pf_stack_range *out)
{
    for (uint32_t i = 0; i < stacks->count; i++) {
        const struct pf_stack_range *stack = &stacks->at[i];
        if (stack_pointer < stack->start || stack_pointer >= stack->end)
            continue;
        uint64_t room = stack_pointer - stack->start;
        *out =
            (struct pf_stack_range){stack_pointer - (room < bytes ? room : bytes), stack_pointer};
        return true;
    }
    return false;
}
