/*
 * The test's end of a supervised server: one per assay_server, made at its first use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SERVER_RUN_H
#define HARNESS_SERVER_SERVER_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include <assay/server_clock.h>

#include "harness/server/server_wire.h"

struct assay_server;

struct hn_server_run {
    struct hn_server_run *next; /* all of this process, ended at its exit */
    struct assay_server *server;
    pid_t owner; /* the process that made it: a forked copy must not end it */
    pid_t supervisor;
    int control_fd;
    struct hn_server_shared *shared;
    struct assay_server_clock clock; /* closed: real time */
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

/* Does it run (started now, if never before)? False with the reason as its problem. */
bool hn_server_is_usable(struct assay_server *server);

/* Keep err, and what the server printed after since, as its problem. False. */
bool hn_server_note_problem(struct hn_server_run *run, const struct pf_err *err,
                            unsigned long long since);

/* server_advance.c. Lives it by its fake clock, if it was declared to? Asked once it is ready. */
ASSAY_CHECKED
bool hn_server_has_clock(struct assay_server *server, struct pf_err *err);
/* How the clock stands, for the server's state; nothing for a real one. */
void hn_server_clock_describe(struct pf_buf *out, const struct assay_server_clock *clock);

#endif
