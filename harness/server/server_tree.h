/*
 * The processes below one of ours, as /proc tells them, and their end.
 *
 * Knows process ids, parents and groups; refuses to know what a server is. A process that left its
 * parent (a daemon) is still found as long as the root is a child subreaper.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SERVER_TREE_H
#define HARNESS_SERVER_SERVER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hn_proc {
    pid_t pid;
    pid_t parent;
    pid_t group;
    char state;          /* 'R', 'S', 'Z' ... of proc(5) */
    uint64_t start_time; /* clock ticks since boot: tells two lives of one pid apart */
};

struct hn_proc_tree {
    struct hn_proc *at; /* free with hn_proc_tree_fini */
    size_t count;
};

/* One line of /proc/PID/stat (proc(5)). False if it is none. Pure. */
bool hn_proc_parse(struct hn_proc *out, const char *line);

/* The same of a process that lives. False if it does not. */
bool hn_proc_read(struct hn_proc *out, pid_t pid);

/* All living descendants of root, without root and without zombies. */
void hn_proc_tree_read(struct hn_proc_tree *out, pid_t root);
void hn_proc_tree_fini(struct hn_proc_tree *tree);

/*
 * SIGKILL to every descendant of root, once: by process group, which no fork in progress escapes,
 * then one by one. Never to root's own group; root must lead a session, so that every other group
 * below it holds only what the tree started. Returns how many were found alive; call again until
 * it returns 0, reaping in between.
 */
size_t hn_proc_tree_kill(pid_t root);

#endif
