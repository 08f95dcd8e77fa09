/* SPDX-License-Identifier: MIT */
#include "harness/runner/left_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, PATHS_MAX = 100000 };

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void add(struct hn_left_files *files, const char *dir, const char *name)
{
    char path[PATH_SIZE];

    if (files->count == PATHS_MAX)
        return;
    (void)snprintf(path, sizeof path, "%s%s%s", dir ? dir : "", dir ? "/" : "", name);
    if ((files->count & (files->count - 1)) == 0) /* at every power of two */
        files->paths =
            pf_mem_resize(files->paths, files->count ? 2 * files->count : 1, sizeof *files->paths);
    files->paths[files->count++] = strdup(path);
}

static bool is_new_dir(const struct hn_plan *plan, uint32_t index)
{
    const char *dir = plan->binaries[index].working_dir;

    for (uint32_t i = 0; i < index; i++) {
        const char *other = plan->binaries[i].working_dir;
        if (dir == other || (dir && other && strcmp(dir, other) == 0))
            return false;
    }
    return true;
}

static void add_dir(struct hn_left_files *files, const char *path)
{
    DIR *dir = opendir(path ? path : ".");

    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add(files, path, entry->d_name);
    if (dir)
        (void)closedir(dir);
}

void hn_left_files_remember(struct hn_left_files *before, const struct hn_plan *plan)
{
    struct hn_left_files files = {0};

    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (is_new_dir(plan, i))
            add_dir(&files, plan->binaries[i].working_dir);
    if (files.count)
        qsort(files.paths, files.count, sizeof *files.paths, by_name);
    *before = files;
}

void hn_left_files_find(const struct hn_left_files *before, struct hn_plan *plan)
{
    struct hn_left_files now = {0};
    struct hn_left_file **end = &plan->left_files;

    hn_left_files_remember(&now, plan);
    for (size_t i = 0; i < now.count; i++) {
        if (before->count
            && bsearch(&now.paths[i], before->paths, before->count, sizeof *before->paths, by_name))
            continue;
        *end = pf_arena_alloc(&plan->arena, sizeof **end);
        (*end)->path = hn_text(&plan->arena, "%s", now.paths[i]);
        end = &(*end)->next;
    }
    hn_left_files_fini(&now);
}

void hn_left_files_fini(struct hn_left_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct hn_left_files){0};
}
