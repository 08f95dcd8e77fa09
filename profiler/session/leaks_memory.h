/*
 * A copy of parts of a stopped process's memory.
 *
 * Pages that were never touched are not read (/proc/PID/pagemap tells), so a reserved terabyte
 * costs nothing here and is not faulted in there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_MEMORY_H
#define PROFILER_SESSION_LEAKS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/leak/leak_graph.h"

struct pf_leaks_copies {
    struct pf_leak_range *at;
    size_t count, capacity;
    uint64_t copied_bytes;
    uint64_t unreadable_bytes; /* that were there */
};

struct pf_leaks_memory {
    pid_t pid;
    int memory_fd;  /* of its memory, borrowed; -1: read as one who may trace it */
    int pagemap_fd; /* -1: not readable, every page is taken as touched */
};

void pf_leaks_memory_open(struct pf_leaks_memory *out, pid_t pid, int memory_fd);
void pf_leaks_memory_close(struct pf_leaks_memory *memory);

/* Up to size bytes at address; how many, < 0 if none can be read. */
ssize_t pf_leaks_memory_read(const struct pf_leaks_memory *memory, uint64_t address, void *bytes,
                             size_t size);

/* Copy the touched pages of [start, end), each run of them one range. only_private: leave out pages
 * that still are the mapped file's (nobody wrote there). */
void pf_leaks_memory_runs(const struct pf_leaks_memory *memory, uint64_t start, uint64_t end,
                          bool only_private, struct pf_leaks_copies *out);

/* Copy [start, end) as one range; untouched and unreadable pages are zeros. */
void pf_leaks_memory_whole(const struct pf_leaks_memory *memory, uint64_t start, uint64_t end,
                           struct pf_leaks_copies *out);

void pf_leaks_copies_fini(struct pf_leaks_copies *copies);

#endif
