/*
 * Run again whenever something changed: the sources, where a build command is known, else the
 * binaries.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_WATCH_H
#define HARNESS_RUNNER_WATCH_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct hn_watch {
    char *const *argv;         /* the command line to run each round, without --watch */
    const char *build_command; /* for sh -c, before each round; NULL: guessed from a CMakeCache.txt
                                * above the binary or in the build directory */
    const char *build_dir;     /* NULL: not given */
    char *const *binaries;
    int binary_count;
};

/* Until Ctrl-C, or "q" on standard input. Enter runs again at once. Returns 0, or 3 with err. */
int hn_watch_run(const struct hn_watch *watch, struct pf_err *err);

/* Is this a file whose change is worth a round? */
bool hn_watch_is_source(const char *name);

#endif
