/*
 * Which processes descend from which, and which threads they have, as /proc lists them.
 *
 * A listing is a moment's truth: processes come and go while it is read. Callers list again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PROC_TREE_H
#define PROFILER_ATTACH_PROC_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Ids without duplicates are the caller's business. Zero is a valid empty list. */
struct pf_pid_list {
    pid_t *at;
    uint32_t count, capacity;
};

void pf_pid_list_fini(struct pf_pid_list *list);
void pf_pid_list_add(struct pf_pid_list *list, pid_t pid);
bool pf_pid_list_has(const struct pf_pid_list *list, pid_t pid);

/* Add every descendant of the processes already in list that is not there yet; never ourselves,
 * though a shell that is recorded may have started us. */
void pf_proc_tree_grow(struct pf_pid_list *list);

/* Add the threads of a process; false if it is gone or not ours to see. */
bool pf_proc_threads(struct pf_pid_list *list, pid_t pid);

/* A thread to look at a process through: the first one, or where that ended before the others
 * (then /proc/PID shows nothing of what they share) one that lives. 0: it has ended. */
pid_t pf_proc_living_thread(pid_t pid);

#endif
