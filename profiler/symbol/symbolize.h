/*
 * Names for a profile's addresses: function, file, line, inlined frames.
 *
 * Runs after the recording, on files only, never inside or against the server's threads. For every
 * location without lines: its mapping's object is found (path under the process's root while it
 * lives, build id, .gnu_debuglink, debuginfod if DEBUGINFOD_URLS is set), then DWARF, then the
 * symbol tables (.symtab, .gnu_debugdata, .dynsym), then /tmp/perf-PID.map. What nobody can name
 * keeps "object+0xoffset" as its function, so that every location has at least one line afterwards.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_SYMBOLIZE_H
#define PROFILER_SYMBOL_SYMBOLIZE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

struct pf_profile;

struct pf_symbolize {
    pid_t pid;             /* whose root and maps apply while it lives; 0: our own view */
    bool skip_inlines;     /* one line per location: cheaper */
    bool skip_debuginfod;  /* even if DEBUGINFOD_URLS is set */
    const char *debug_dir; /* NULL: /usr/lib/debug */
};

struct pf_symbolize_stats {
    uint32_t locations, named, with_lines, objects, objects_without_symbols;
    uint64_t cpu_ns;
};

/* Fails only where the profile cannot take more items; an unreadable object is counted, not an
 * error. */
ASSAY_CHECKED
bool pf_symbolize(struct pf_profile *profile, const struct pf_symbolize *options,
                  struct pf_symbolize_stats *stats, struct pf_err *err);

#endif
