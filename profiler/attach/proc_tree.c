/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/arena.h"
#include "profiler/base/file.h"

enum { LIST_FIRST = 64, CHILD_LISTS_MAX = 256, CHILDREN_BYTES_MAX = 1 << 20 };

void pf_pid_list_fini(struct pf_pid_list *list)
{
    free(list->at);
    *list = (struct pf_pid_list){0};
}

void pf_pid_list_add(struct pf_pid_list *list, pid_t pid)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : LIST_FIRST;
        list->at = pf_mem_resize(list->at, list->capacity, sizeof *list->at);
    }
    list->at[list->count++] = pid;
}

bool pf_pid_list_has(const struct pf_pid_list *list, pid_t pid)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->at[i] == pid)
            return true;
    return false;
}

/* The numbers among a directory's names. */
static bool list_numbers(struct pf_pid_list *list, const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;

    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char *end = NULL;
        long number = strtol(entry->d_name, &end, 10);
        if (number > 0 && *end == '\0')
            pf_pid_list_add(list, (pid_t)number);
    }
    (void)closedir(dir);
    return true;
}

static void read_parents(const struct pf_pid_list *all, pid_t *parents)
{
    struct pf_proc_stat stat;

    for (uint32_t i = 0; i < all->count; i++)
        parents[i] = pf_proc_stat_read(&stat, all->at[i], 0) ? stat.parent : 0;
}

static void add_new(struct pf_pid_list *list, pid_t pid)
{
    if (pid > 0 && pid != getpid() && !pf_pid_list_has(list, pid))
        pf_pid_list_add(list, pid);
}

/* By the parent of every process there is: costs what the machine runs. */
static void grow_by_parents(struct pf_pid_list *list)
{
    struct pf_pid_list all = {0};

    if (!list_numbers(&all, "/proc"))
        return;
    pid_t *parents = pf_mem_new(all.count + 1, sizeof *parents);
    read_parents(&all, parents);

    /* /proc is in rising order but pids wrap around, so a child may stand before its parent. */
    for (uint32_t before = 0; before != list->count;) {
        before = list->count;
        for (uint32_t i = 0; i < all.count; i++)
            if (parents[i] && pf_pid_list_has(list, parents[i]))
                add_new(list, all.at[i]);
    }
    free(parents);
    pf_pid_list_fini(&all);
}

/* The children one thread has started. */
static void add_children(struct pf_pid_list *list, pid_t pid, pid_t tid)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err ignored;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)tid);
    bool ok = pf_file_read(&text, path, CHILDREN_BYTES_MAX, &ignored);
    const char *at = pf_buf_cstr(&text);
    for (char *end = NULL; ok && *at; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        add_new(list, (pid_t)child);
    }
    pf_buf_fini(&text);
}

/* By the lists of children: costs what the target has. False if there is no such list, or if the
 * target has so many threads that all of /proc is read sooner. */
static bool grow_by_children(struct pf_pid_list *list)
{
    struct pf_pid_list threads = {0};
    uint32_t all = 0;

    if (access("/proc/thread-self/children", R_OK) != 0)
        return false;
    for (uint32_t i = 0; i < list->count && all < CHILD_LISTS_MAX; i++) {
        threads.count = 0;
        (void)pf_proc_threads(&threads, list->at[i]);
        for (uint32_t k = 0; k < threads.count && all < CHILD_LISTS_MAX; k++, all++)
            add_children(list, list->at[i], threads.at[k]);
    }
    pf_pid_list_fini(&threads);
    return all < CHILD_LISTS_MAX;
}

void pf_proc_tree_grow(struct pf_pid_list *list)
{
    if (!grow_by_children(list))
        grow_by_parents(list);
}

bool pf_proc_threads(struct pf_pid_list *list, pid_t pid)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    return list_numbers(list, path);
}

pid_t pf_proc_living_thread(pid_t pid)
{
    struct pf_pid_list threads = {0};
    pid_t found = 0;

    if (!pf_proc_is_gone(pid, pid))
        return pid;
    (void)pf_proc_threads(&threads, pid);
    for (uint32_t i = 0; i < threads.count && !found; i++)
        if (!pf_proc_is_gone(pid, threads.at[i]))
            found = threads.at[i];
    pf_pid_list_fini(&threads);
    return found;
}
