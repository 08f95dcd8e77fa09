/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/arena.h"

enum { LIST_FIRST = 64 };

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

void pf_proc_tree_grow(struct pf_pid_list *list)
{
    struct pf_pid_list all = {0};
    pid_t ourselves = getpid();

    if (!list_numbers(&all, "/proc"))
        return;
    pid_t *parents = pf_mem_new(all.count + 1, sizeof *parents);
    read_parents(&all, parents);

    /* /proc is in rising order but pids wrap around, so a child may stand before its parent. */
    for (bool has_grown = true; has_grown;) {
        has_grown = false;
        for (uint32_t i = 0; i < all.count; i++)
            if (parents[i] && all.at[i] != ourselves && pf_pid_list_has(list, parents[i])
                && !pf_pid_list_has(list, all.at[i])) {
                pf_pid_list_add(list, all.at[i]);
                has_grown = true;
            }
    }
    free(parents);
    pf_pid_list_fini(&all);
}

bool pf_proc_threads(struct pf_pid_list *list, pid_t pid)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    return list_numbers(list, path);
}
