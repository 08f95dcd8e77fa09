/*
 * What the kernel says of one process or thread in /proc/PID/stat.
 *
 * Source: proc(5). The command name stands in brackets and may itself hold brackets, spaces and
 * newlines: the last ')' ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PROC_STAT_H
#define PROFILER_ATTACH_PROC_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"

enum { PF_COMM_BYTES = 64 }; /* the kernel keeps 15 for user tasks, more for its own workers */

struct pf_proc_stat {
    pid_t pid, parent;
    char comm[PF_COMM_BYTES];
    char state; /* R S D T t Z X I */
    uint64_t user_ticks, system_ticks;
    uint64_t ended_user_ticks, ended_system_ticks; /* of children that were waited for */
    uint32_t thread_count;
    uint64_t start_ticks; /* since boot: with the pid it names a process for good */
};

bool pf_proc_stat_parse(struct pf_proc_stat *out, struct pf_bytes text);

/* Of a process (tid 0) or one of its threads; false if it is gone. */
bool pf_proc_stat_read(struct pf_proc_stat *out, pid_t pid, pid_t tid);

/* Has a thread ended (tid 0: the process's first one)? Also if nobody has asked how yet. */
bool pf_proc_is_gone(pid_t pid, pid_t tid);

/* A small file of /proc in one read, without its last newline, NUL-terminated; false if it cannot
 * be read. */
bool pf_proc_read_text(const char *path, char *out, unsigned size);

#endif
