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

static void widen(struct pf_remote_code *code, const struct pf_proc_map *map)
{
    if (code->start == 0 || map->start < code->start)
        code->start = map->start;
    if (map->end > code->end)
        code->end = map->end;
}

/* libjemalloc.so.2, libtcmalloc_minimal.so.4, libmimalloc.so ... */
static bool is_allocator(struct pf_bytes path)
{
    return is_named(path, "libjemalloc") || is_named(path, "libtcmalloc")
           || is_named(path, "libmimalloc");
}

/* The mapping that shows the file's first byte fixes the bias; its path opens the file. */
static void note(struct pf_remote_libc *found, struct pf_proc_map *first, struct pf_proc_map map)
{
    if (is_named(map.path, "libc.so.6")) {
        widen(&found->libc, &map);
        if (map.file_offset == 0)
            *first = map;
    } else if (is_named(map.path, "ld-linux")) {
        widen(&found->loader, &map);
    } else if (is_allocator(map.path)) {
        widen(&found->allocator, &map);
    }
}

static const char *const wait_names[] = {
    "accept",
    "accept4",
    "clock_nanosleep",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "kill",
    "nanosleep",
    "pause",
    "poll",
    "ppoll",
    "pselect",
    "pthread_cond_clockwait",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_kill",
    "pthread_sigmask",
    "raise",
    "read",
    "recv",
    "recvfrom",
    "recvmsg",
    "select",
    "sem_clockwait",
    "sem_timedwait",
    "sem_wait",
    "send",
    "sendmsg",
    "sendto",
    "sigpause",
    "sigprocmask",
    "sigsuspend",
    "sigtimedwait",
    "sigwait",
    "sigwaitinfo",
    "sleep",
    "usleep",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
    "write",
    "writev",
};
enum { WAIT_NAMES = sizeof wait_names / sizeof wait_names[0] };
_Static_assert(sizeof wait_names / sizeof wait_names[0] <= PF_REMOTE_WAITS_MAX, "room for all");

static void find_waits(struct pf_remote_libc *found, const struct pf_elf *elf, uint64_t bias)
{
    struct pf_elf_function at[WAIT_NAMES];

    (void)pf_elf_functions_find(elf, wait_names, WAIT_NAMES, at);
    for (uint32_t i = 0; i < WAIT_NAMES; i++)
        if (at[i].size_bytes)
            found->waits[found->wait_count++] = (struct pf_remote_code){
                at[i].file_addr + bias, at[i].file_addr + bias + at[i].size_bytes};
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
    find_waits(found, elf, bias);
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
