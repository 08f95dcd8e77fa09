/*
 * A server that is started with a fake clock: libassay-clock.so, which the supervisor carries
 * inside itself, is written into {tmp} and preloaded.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_CLOCK_LAUNCH_H
#define HARNESS_SERVER_CLOCK_LAUNCH_H

#include "profiler/base/arena.h"
#include "profiler/base/err.h"

struct hn_clock_place {
    const char *tmp;       /* where the library goes */
    const char *clock_env; /* "ASSAY_CLOCK_PAGE=/path" */
    const char *dir;       /* the server's working directory */
};

/*
 * Append to env, a NULL-terminated list with room for three more, what makes program live by the
 * clock; an LD_PRELOAD that stands there, or is inherited, is kept behind ours. The new entries
 * live in arena. Errors: program is statically linked; the library cannot be written.
 */
ASSAY_CHECKED
bool hn_clock_prepare(char **env, struct pf_arena *arena, const char *program,
                      const struct hn_clock_place *place, struct pf_err *err);

/* Is this an ELF program without a dynamic linker? False for scripts and what cannot be read. */
bool hn_clock_is_static(const char *path);

#endif
