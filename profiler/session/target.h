/*
 * Whom a recording is of: processes given by pid, and a command started for it.
 *
 * Tells early and plainly what cannot be: a pid that does not exist, is a thread's, or belongs to
 * somebody else. Holds a pidfd a process, so that a pid taken over by another is not mistaken.
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

enum { PF_TARGET_ARGV_EXTRA_MAX = 16 };

struct pf_target_process {
    pid_t pid;
    int pidfd;
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
    bool is_held;   /* started, not yet let go */
    char name[256]; /* its argv[0], for messages */
};

struct pf_record_options;

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
