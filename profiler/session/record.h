/*
 * One recording: of processes that run, or of a command started for it, to a profile with names.
 *
 * Chooses the engine, holds the command until the engine is in place, runs until the duration is
 * over, the caller says stop or the target has ended, names the addresses, and fills the summary.
 * Knows no argv of ours and writes no file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_H
#define PROFILER_SESSION_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"

enum pf_record_mode {
    PF_RECORD_CPU,
    PF_RECORD_WALL,
    PF_RECORD_ALLOC,
    PF_RECORD_HEAP,
    PF_RECORD_INSTRUCTIONS,
};

enum { PF_RECORD_PIDS_MAX = 1024 };

struct pf_record_progress {
    double elapsed_s;
    uint64_t samples, lost;
    uint32_t processes, threads;
    const struct pf_profile *profile; /* so far, addresses unnamed; only during the call; NULL if
                                         the engine cannot show it before the end */
};

struct pf_record_options {
    const pid_t *pids; /* running processes, and with them what they started */
    uint32_t pid_count;
    char *const *argv;  /* a command to run and record, NULL: none */
    const char *engine; /* NULL or "auto": the first that can; else its name */
    double duration_s;  /* 0: until stopped or the target ends */
    uint32_t frequency_hz;
    enum pf_record_mode mode;
    bool skip_children; /* only the processes given, and all their threads */
    bool label_threads; /* a "tid" label on every sample, too */
    bool skip_names;    /* leave addresses unnamed */
    int stop_fd;        /* readable: stop and keep what is there; two bytes: leave it; < 0: none */
    uint64_t ignored_signals; /* of the command, see pf_spawn.ignored */

    /* How to read what another profiler has written, for the engines that run one; NULL: those
     * engines are not available. The command line passes pf_report_load. */
    bool (*read_profile)(struct pf_profile *out, const char *path, struct pf_err *err);

    /* About four times a second, from the recording thread; may be NULL. */
    void (*progress)(void *to, const struct pf_record_progress *now);
    void *progress_to;

    /* Of every process that a recorded one starts, from the recording thread; may be NULL. Only the
     * perf engine tells. */
    void (*forked)(void *to, pid_t parent, pid_t child);
    void *forked_to;
};

struct pf_recording {
    struct pf_profile profile;
    struct pf_summary summary;
    bool command_ended; /* by itself or the Ctrl-C that stopped us, not because we ended it */
    int command_status; /* as a shell shows it */
};

/*
 * Record. Fails with PF_ERR_NOT_FOUND for a pid that does not exist, PF_ERR_DENIED where it may not
 * be looked at, PF_ERR_UNSUPPORTED for a mode no engine here can do; each names the object and the
 * remedy. A target that ends early is no failure: summary.note says so.
 */
ASSAY_CHECKED
bool pf_record(struct pf_recording *out, const struct pf_record_options *options,
               struct pf_err *err);

void pf_recording_fini(struct pf_recording *recording);

/* "cpu", "wall", ...; NULL-terminated, in the order of the enum. */
const char *const *pf_record_mode_names(void);

/* The mode of a recording for which none is asked: cpu, unless the engine named (NULL: none) cannot
 * do it. */
enum pf_record_mode pf_record_mode_of(const char *engine);

#endif
