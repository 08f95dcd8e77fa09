/* SPDX-License-Identifier: MIT */
#include "harness/runner/watch_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/runner/watch.h"
#include "profiler/base/arena.h"

enum { DIRECTORIES_MAX = 4096, DEPTH_MAX = 16, PATH_SIZE = 4096 };

void hn_watch_tree_add_one(struct hn_watch_tree *tree, const char *path)
{
    if (tree->directories == DIRECTORIES_MAX)
        return;
    int watch = inotify_add_watch(
        tree->inotify_fd, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ONLYDIR);
    if (watch < 0)
        return;
    if (watch >= tree->path_count) {
        tree->paths = pf_mem_resize(tree->paths, (size_t)watch + 64, sizeof *tree->paths);
        memset(tree->paths + tree->path_count, 0,
               ((size_t)watch + 64 - (size_t)tree->path_count) * sizeof *tree->paths);
        tree->path_count = watch + 64;
    }
    tree->directories += tree->paths[watch] == NULL;
    free(tree->paths[watch]);
    tree->paths[watch] = strdup(path);
}

static bool add_below(struct hn_watch_tree *tree, const char *path, unsigned depth)
{
    char inner[PATH_SIZE];
    struct stat st;
    bool has_source = false;

    (void)snprintf(inner, sizeof inner, "%s/CMakeCache.txt", path);
    if (depth == DEPTH_MAX || access(inner, F_OK) == 0)
        return false;
    hn_watch_tree_add_one(tree, path);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        has_source |= hn_watch_is_source(entry->d_name);
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
            has_source |= add_below(tree, inner, depth + 1);
    }
    if (dir)
        (void)closedir(dir);
    return has_source;
}

bool hn_watch_tree_add(struct hn_watch_tree *tree, const char *path)
{
    return add_below(tree, path, 0);
}

bool hn_watch_tree_grow(struct hn_watch_tree *tree, const struct inotify_event *event)
{
    char path[PATH_SIZE];

    if (!(event->mask & IN_ISDIR) || !(event->mask & (IN_CREATE | IN_MOVED_TO)) || !event->len
        || event->name[0] == '.' || event->wd < 0 || event->wd >= tree->path_count
        || !tree->paths[event->wd])
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", tree->paths[event->wd], event->name);
    return hn_watch_tree_add(tree, path);
}

void hn_watch_tree_fini(struct hn_watch_tree *tree)
{
    for (int i = 0; i < tree->path_count; i++)
        free(tree->paths[i]);
    free(tree->paths);
    *tree = (struct hn_watch_tree){.inotify_fd = -1};
}
