/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_libc.h"

#include <stdio.h>
#include <string.h>

#include "profiler/attach/proc_maps.h"
#include "profiler/elf/elf_file.h"
#include "profiler/elf/elf_symbols.h"

enum { LIBC_PATH_MAX = 4096 };

static bool is_named(struct pf_bytes path, const char *prefix)
{
    const char *at = path.at;
    size_t base = path.size;

    while (base > 0 && at[base - 1] != '/')
        base--;
    size_t size = strlen(prefix);
    return path.size - base >= size && memcmp(at + base, prefix, size) == 0;
}

static void widen(uint64_t *start, uint64_t *end, const struct pf_proc_map *map)
{
    if (*start == 0 || map->start < *start)
        *start = map->start;
    if (map->end > *end)
        *end = map->end;
}

/* The mapping that shows the file's first byte fixes the bias; its path opens the file. */
static void note(struct pf_remote_libc *found, struct pf_proc_map *first, struct pf_proc_map map)
{
    if (is_named(map.path, "libc.so.6")) {
        widen(&found->libc_start, &found->libc_end, &map);
        if (map.file_offset == 0)
            *first = map;
    } else if (is_named(map.path, "ld-linux")) {
        widen(&found->loader_start, &found->loader_end, &map);
    }
}

static bool resolve(struct pf_remote_libc *found, const struct pf_elf *elf,
                    const struct pf_proc_map *first, struct pf_err *err)
{
    uint64_t bias = 0;

    if (!pf_elf_bias(elf, first->start, first->file_offset, &bias)
        || !pf_elf_function_addr(elf, "dlopen", &found->dlopen_addr)
        || !pf_elf_function_addr(elf, "dlsym", &found->dlsym_addr)
        || !pf_elf_function_addr(elf, "dlerror", &found->dlerror_addr))
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "its libc has no dlopen (glibc before 2.34)");
    found->dlopen_addr += bias;
    found->dlsym_addr += bias;
    found->dlerror_addr += bias;
    return true;
}

static bool resolve_in_file(struct pf_remote_libc *found, pid_t pid,
                            const struct pf_proc_map *first, struct pf_err *err)
{
    char path[LIBC_PATH_MAX];
    struct pf_elf elf = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/root%.*s", pid, (int)first->path.size,
                   (const char *)first->path.at);
    bool ok = pf_elf_open(&elf, path, err) && resolve(found, &elf, first, err);
    pf_elf_close(&elf);
    return ok;
}

bool pf_remote_libc_find(struct pf_remote_libc *out, pid_t pid, struct pf_err *err)
{
    struct pf_remote_libc found = {0};
    struct pf_proc_map first = {0}, map;
    struct pf_bytes line;
    struct pf_buf text = {0};

    if (!pf_proc_maps_read(&text, pid, err)) {
        pf_buf_fini(&text);
        return false;
    }
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&text));
    while (pf_cursor_line(&cursor, &line))
        if (pf_proc_map_parse(&map, line))
            note(&found, &first, map);

    bool ok = first.path.size != 0
                  ? resolve_in_file(&found, pid, &first, err)
                  : pf_err_set(err, PF_ERR_UNSUPPORTED,
                               "it does not use glibc as a shared library (static or musl)");
    pf_buf_fini(&text);
    if (ok)
        *out = found;
    return ok;
}
