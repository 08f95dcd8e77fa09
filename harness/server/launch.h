/*
 * One process becomes the server: its own session, a clean set of descriptors, an environment.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_LAUNCH_H
#define HARNESS_SERVER_LAUNCH_H

#include <sys/types.h>

#include "profiler/base/err.h"

struct hn_launch {
    char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    char *const *env;  /* "NAME=VALUE" sets, "NAME" unsets; NULL ends; added to ours */
    const char *dir;
    int output_fd; /* becomes standard output and error */
    int listen_fd; /* becomes descriptor 3 with LISTEN_FDS and LISTEN_PID; -1: none */
};

/*
 * Start it. It leads its own session, dies with us, has default signals, /dev/null as standard
 * input and nothing else open. A program that cannot be started is reported here, by its name.
 */
ASSAY_CHECKED
bool hn_launch(pid_t *pid, const struct hn_launch *what, struct pf_err *err);

#endif
