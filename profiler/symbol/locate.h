/*
 * From a mapping's name to the file that was mapped, and to the file with its debug information.
 *
 * A path in a mapping is what the process saw: it may lie in another mount namespace, be deleted,
 * or be another file by now. So the process's own view is tried first while it lives, and a file
 * counts only if its build id is the mapping's, where both are known.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_LOCATE_H
#define PROFILER_SYMBOL_LOCATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

struct pf_symfile;

/* What is known of one mapped object; borrowed. */
struct pf_place {
    pid_t pid;             /* 0, or who mapped it; may have ended */
    const char *path;      /* as in /proc/PID/maps, " (deleted)" allowed */
    uint64_t start, limit; /* of the mapping, for /proc/PID/map_files */
    const char *build_id;  /* lower-case hex or "" */
    const char *debug_dir;
    bool *ask_debuginfod; /* NULL: no; becomes false when no server answers */
};

/* The mapped file itself, or the one of its build id in debug_dir. */
ASSAY_CHECKED
bool pf_locate_object(struct pf_symfile *out, const struct pf_place *place, struct pf_err *err);

/*
 * The separate debug file of object (NULL: the object itself was not found): by build id, by
 * .gnu_debuglink with the CRC it names, from debuginfod.
 */
ASSAY_CHECKED
bool pf_locate_debug(struct pf_symfile *out, const struct pf_symfile *object,
                     const struct pf_place *place, struct pf_err *err);

#endif
