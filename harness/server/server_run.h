/*
 * The test's end of a supervised server: one per assay_server, made at its first use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SERVER_RUN_H
#define HARNESS_SERVER_SERVER_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "harness/server/server_wire.h"

struct assay_server;

struct hn_server_run {
    struct hn_server_run *next; /* all of this process, ended at its exit */
    struct assay_server *server;
    pid_t owner; /* the process that made it: a forked copy must not end it */
    pid_t supervisor;
    int control_fd;
    struct hn_server_shared *shared;
    struct pf_buf problem;
    struct pf_buf log;
    struct pf_buf url;
    struct pf_buf state;
};

/* The server's run, made if there is none. NULL: it cannot be made, err says why. */
struct hn_server_run *hn_server_run_get(struct assay_server *server, struct pf_err *err);

/* Ask the supervisor and wait for its reply, at most timeout_ms. False with its words in err. */
ASSAY_CHECKED
bool hn_server_run_ask(struct hn_server_run *run, enum hn_server_op op, int arg,
                       unsigned timeout_ms, struct pf_err *err);

#endif
