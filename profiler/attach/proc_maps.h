/*
 * What is mapped where in a process, line by line of /proc/PID/maps.
 *
 * Source: proc(5). A path may hold spaces; the kernel writes a newline in it as "\012" and appends
 * " (deleted)" to a file that is gone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_PROC_MAPS_H
#define PROFILER_ATTACH_PROC_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

enum pf_map_permission { PF_MAP_READ = 1, PF_MAP_WRITE = 2, PF_MAP_EXEC = 4, PF_MAP_SHARED = 8 };

struct pf_proc_map {
    uint64_t start, end, file_offset;
    uint64_t inode;
    uint32_t device_major, device_minor;
    uint32_t permissions; /* enum pf_map_permission */
    struct pf_bytes path; /* "" for anonymous; without " (deleted)"; a view of the text */
    bool is_deleted;
};

/* One line; false if it is none. */
bool pf_proc_map_parse(struct pf_proc_map *out, struct pf_bytes line);

/* The whole text, for pf_cursor_line and pf_proc_map_parse. */
ASSAY_CHECKED
bool pf_proc_maps_read(struct pf_buf *out, pid_t pid, struct pf_err *err);

#endif
