/*
 * Ctrl-C, SIGTERM and SIGHUP as a descriptor to wait on: a verb that works until it is told to
 * stop.
 *
 * A signal that was ignored when we were started stays so where nohup(1) means it: SIGHUP.
 *
 * One a process, as signals are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_STOPS_H
#define HARNESS_CLI_STOPS_H

#include <stdbool.h>

#include "profiler/base/err.h"

/* What signals after the first do. */
enum hn_stops_more {
    HN_STOPS_MORE_WAIT,  /* nothing: there is a terminal to restore */
    HN_STOPS_MORE_LEAVE, /* the second grants a second to leave tidily, the third none; the status
                            is then 128 + SIGINT */
};

/* From here on the signals are caught. */
ASSAY_CHECKED
bool hn_stops_catch(enum hn_stops_more more, struct pf_err *err);

/* Readable once a stop was asked for; -1 before hn_stops_catch. */
int hn_stops_fd(void);

/* As if a signal had come, without counting as one. */
void hn_stops_ask(void);

#endif
