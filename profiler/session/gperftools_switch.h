/*
 * libprofiler inside another process: is it there, is it on, and switching it by its signal.
 *
 * The signal is sent only where its handler is installed: anywhere else it would kill.
 *
 * Source: https://gperftools.github.io/gperftools/cpuprofile.html, "Running the CPU profiler".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_GPERFTOOLS_SWITCH_H
#define PROFILER_SESSION_GPERFTOOLS_SWITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"

enum { PF_GPERFTOOLS_PATH = 4096, PF_GPERFTOOLS_SWITCH_S = 5 };

/* What a process's environment says of its profiler. */
struct pf_gperftools_switch {
    int signal;                    /* CPUPROFILESIGNAL, 0: none */
    char path[PF_GPERFTOOLS_PATH]; /* CPUPROFILE, "" none */
};

/* From the bytes of /proc/PID/environ: NAME=VALUE, each ended by NUL. */
void pf_gperftools_switch_parse(struct pf_gperftools_switch *out, struct pf_bytes environ_bytes);

/* Of a process; false if it was not started with a signal and an absolute path. */
bool pf_gperftools_switch_read(pid_t pid, struct pf_gperftools_switch *out);

/* Is this signal in the set /proc/PID/status shows as SigCgt? text is that file. */
bool pf_gperftools_is_caught(const char *text, int signal);

/* The same of a process. */
bool pf_gperftools_handles(pid_t pid, int signal);

/* Has it a file open whose path begins with prefix, as libprofiler has while it profiles? found
 * (size bytes) becomes that path. */
bool pf_gperftools_is_profiling(pid_t pid, const char *prefix, char *found, size_t size);

/* Send the signal and wait, PF_GPERFTOOLS_SWITCH_S at most, until it is on (or off). file as found
 * above. */
bool pf_gperftools_flip(pid_t pid, const struct pf_gperftools_switch *how, bool on, char *file,
                        size_t size);

#endif
