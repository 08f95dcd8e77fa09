/*
 * Source directories under watch, those that appear later too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_WATCH_TREE_H
#define HARNESS_RUNNER_WATCH_TREE_H

#include <stdbool.h>
#include <sys/inotify.h>

/* Zero but for inotify_fd is a valid empty one. */
struct hn_watch_tree {
    int inotify_fd;
    char **paths; /* by watch descriptor */
    int path_count;
    unsigned directories;
};

/* This directory alone. */
void hn_watch_tree_add_one(struct hn_watch_tree *tree, const char *path);

/* With all below that are neither hidden nor a build tree. True if there is a source among them. */
bool hn_watch_tree_add(struct hn_watch_tree *tree, const char *path);

/* A directory that event tells of is watched from now on. True if there is a source in it already.
 */
bool hn_watch_tree_grow(struct hn_watch_tree *tree, const struct inotify_event *event);

void hn_watch_tree_fini(struct hn_watch_tree *tree);

#endif
