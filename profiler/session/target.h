/*
 * Whom a recording is of: processes given by pid, and a command started for it.
 *
 * Tells early and plainly what cannot be: a pid that does not exist, is a thread's, or belongs to
 * somebody else. Holds a pidfd a process, or knows when it started, so that a pid taken over by
 * another is not mistaken.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_TARGET_H
#define PROFILER_SESSION_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/base/spawn.h"

enum { PF_TARGET_ARGV_EXTRA_MAX = 16, PF_TARGET_WORDS_MAX = 8, PF_TARGET_WORD_BYTES = 512 };

struct pf_target_process {
    pid_t pid;
    int pidfd;            /* -1: not to be had, or the command's */
    uint64_t start_ticks; /* 0: the command, which is waited for */
    bool has_ended;
};

struct pf_target {
    struct pf_target_process *processes; /* those asked for, the command among them */
    uint32_t process_count;

    bool has_command;
    struct pf_child command;
    struct pf_spawn spawn;                        /* how to start it; engines may add env */
    const char *before[PF_TARGET_ARGV_EXTRA_MAX]; /* words to put before the command's argv */
    uint32_t before_count;
    bool is_held;       /* started, not yet let go */
    bool is_ended;      /* by us: how it ended says nothing */
    char name[256];     /* its argv[0], for messages */
    void *engine_state; /* the engine's own, from prepare to record */

    char work_dir[64]; /* "" until asked for; removed with all its files by pf_target_close */
    char words[PF_TARGET_WORDS_MAX][PF_TARGET_WORD_BYTES];
    uint32_t word_count;
};

struct pf_record_options;

/* Make a directory under TMPDIR, writable for whatever user the command becomes. */
ASSAY_CHECKED
bool pf_target_make_work_dir(struct pf_target *target, struct pf_err *err);

/* A word that engines put before argv or into env, kept as long as the target. At most
 * PF_TARGET_WORDS_MAX, cut at PF_TARGET_WORD_BYTES. */
const char *pf_target_word(struct pf_target *target, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* Look the processes up. The command is not started yet. */
ASSAY_CHECKED
bool pf_target_open(struct pf_target *out, const struct pf_record_options *options,
                    struct pf_err *err);

/* Start the command and hold it before its exec. Nothing to do without one. */
ASSAY_CHECKED
bool pf_target_start(struct pf_target *target, const struct pf_record_options *options,
                     struct pf_err *err);

/* Let a held command go. */
ASSAY_CHECKED
bool pf_target_release(struct pf_target *target, struct pf_err *err);

/* Have all of them ended? Never blocks. */
bool pf_target_has_ended(struct pf_target *target);

/* How many have. */
uint32_t pf_target_ended_count(const struct pf_target *target);

/* Ends the command if it still runs (SIGTERM, then SIGKILL); lets processes be. */
void pf_target_close(struct pf_target *target);

/* "redis-server *:6379": the process's command line, or its comm in brackets; "" if it is gone. */
void pf_target_describe(pid_t pid, char *out, unsigned size);

#endif
