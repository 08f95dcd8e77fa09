/*
 * Children of ours: started without races, waited for with a deadline, ended with all they started.
 *
 * A child gets its own process group, dies with us (PR_SET_PDEATHSIG, with the parent checked
 * again), inherits only the descriptors named, and can be held just before exec so that a profiler
 * is in place for its first instruction.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_SPAWN_H
#define PROFILER_BASE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

enum { PF_SPAWN_ENV_MAX = 16 };

struct pf_spawn {
    char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char
        *env[PF_SPAWN_ENV_MAX];  /* "NAME=VALUE" sets, "NAME" unsets; NULL ends; added to ours */
    const char *const *more_env; /* the same before env, any number, NULL ends; or NULL */
    const char *dir;             /* working directory, or NULL */
    int stdin_fd, stdout_fd, stderr_fd; /* 0: /dev/null for stdin, inherit for the others */
    bool keep_stdin;                    /* inherit stdin too */
    bool same_group;                    /* stay in our process group (Ctrl-C reaches it) */
    bool hold;                          /* wait for pf_child_release before exec */
    uint64_t ignored; /* signals (bit: number - 1) the user wants ignored; all others are reset */
};

struct pf_child {
    pid_t pid;
    int pidfd;
    int release_fd; /* hold: closing it lets exec happen */
    int exec_fd;    /* hold: reports an exec that failed */
    int wait_status;
    bool reaped;
};

/* Those ignored now, for pf_spawn.ignored: ask before handlers are installed (nohup(1), a shell's
 * background). */
uint64_t pf_spawn_ignored_now(void);

/* Without hold, an exec that fails is reported here: PF_ERR_NOT_FOUND or PF_ERR_DENIED, naming
 * argv[0]. */
ASSAY_CHECKED
bool pf_child_start(struct pf_child *out, const struct pf_spawn *spec, struct pf_err *err);

/* With hold: let it exec, and report an exec that fails. */
ASSAY_CHECKED
bool pf_child_release(struct pf_child *child, struct pf_err *err);

/* Wait for its end until deadline_ns (CLOCK_MONOTONIC). True when it has ended and is reaped. */
bool pf_child_wait(struct pf_child *child, uint64_t deadline_ns);

/* The status a shell would show: exit code, or 128 + signal. Only after it has ended. */
int pf_child_exit_status(const struct pf_child *child);

/* SIGTERM to its group, grace_ms, then SIGKILL to the group; reaps. Safe on zero and when reaped.
 */
void pf_child_stop(struct pf_child *child, unsigned grace_ms);

/* Closes what is held; does not end the child. */
void pf_child_fini(struct pf_child *child);

#endif
