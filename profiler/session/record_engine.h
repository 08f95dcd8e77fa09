/*
 * What every engine is to a recording: a name, whether it can, and one function that does.
 *
 * The recording (record.c) owns the target and the command; an engine fills the profile with stacks
 * of addresses (or names) and the summary with what it alone knows. record_engines[] in record.c
 * lists them in the order "auto" tries them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_ENGINE_H
#define PROFILER_SESSION_RECORD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/session/record.h"
#include "profiler/session/target.h"

/* One recording under way. */
struct pf_record_job {
    const struct pf_record_options *options;
    struct pf_target *target;   /* see target.h; the command may still be held */
    struct pf_profile *profile; /* empty; the engine sets value types and period */
    struct pf_summary *summary; /* engine, mode, command, pid, frequency are set */
    uint64_t started_ns;        /* CLOCK_MONOTONIC; set by pf_record_job_start */
    uint64_t deadline_ns;       /* UINT64_MAX: none */
    uint64_t ended_ns;          /* set by an engine that takes long to leave; 0: when it has left */
};

struct pf_engine {
    const char *name;
    const char *modes; /* those it can do, as in "cpu wall" */

    /* Can it record this here? If not, err says why, with the remedy. Changes nothing. */
    bool (*can)(const struct pf_record_options *options, struct pf_err *err);

    /*
     * The command line the target's command is to be started with, if not its own: an engine may
     * add to env (see pf_spawn) or put a tool before argv. NULL: as it is. Called before the
     * command is started (and held).
     */
    bool (*prepare)(const struct pf_record_options *options, struct pf_target *target,
                    struct pf_err *err);

    /* Do it: get in place, pf_record_job_start (lets the command go), collect, leave. */
    bool (*record)(struct pf_record_job *job, struct pf_err *err);

    bool has_names; /* the profile comes with names: no symbolisation after */
};

/* The clock of the recording begins, a held command is let go. */
ASSAY_CHECKED
bool pf_record_job_start(struct pf_record_job *job, struct pf_err *err);

/* Stop now? By deadline, stop_fd, or all of the target having ended. */
bool pf_record_job_is_over(struct pf_record_job *job);

/* Asked to stop a second time: what takes long is not waited for any more. */
bool pf_record_job_is_given_up(const struct pf_record_job *job);

/*
 * Stopped before its time: Ctrl-C in a terminal reaches the command, too, which is then about to
 * end by itself. Waits a moment for that, unless given up; true when it has ended.
 */
bool pf_record_job_await_command(struct pf_record_job *job);

/* Milliseconds until the deadline, at most limit_ms: for poll(2). */
int pf_record_job_wait_ms(const struct pf_record_job *job, int limit_ms);

/* Add a sentence to summary.note. */
void pf_record_job_note(struct pf_record_job *job, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* engine_*.c and record_perf.c; see record.c. */
extern const struct pf_engine pf_engine_perf;
extern const struct pf_engine pf_engine_agent;
extern const struct pf_engine pf_engine_gperftools;
extern const struct pf_engine pf_engine_callgrind;

#endif
