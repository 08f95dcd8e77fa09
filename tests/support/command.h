/*
 * Run a command line as a user would and keep what it said.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_COMMAND_H
#define TESTS_SUPPORT_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "profiler/base/buf.h"
#include "profiler/base/spawn.h"

struct ts_result {
    int status; /* as a shell shows it; -1: over the deadline and killed */
    struct pf_buf out, err;
};

/*
 * printf-formatted shell command, run by sh -c with "assay" on PATH, at most 120 s, no terminal, no
 * stdin. ASSAY_BIN, FIXTURES (directory of built fixtures) and SRC (source directory) are set.
 */
struct ts_result ts_run(const char *fmt, ...) ASSAY_PRINTF(1, 2);
void ts_result_fini(struct ts_result *result);

/* Standard output and error as strings. */
const char *ts_out(struct ts_result *result);
const char *ts_err(struct ts_result *result);

/* The same in the background; ends with ts_stop (SIGTERM, then SIGKILL to its group). */
struct pf_child ts_start(const char *fmt, ...) ASSAY_PRINTF(1, 2);
void ts_stop(struct pf_child *child);

/*
 * Prefix for a command line that runs it as an ordinary user: "" when we are one already, else
 * setpriv's for nobody, who may reach the built tree wherever it lies. Valid until the next call.
 */
const char *ts_as_user(void);

/* A fresh directory under /tmp, mode 0777, removed at exit of this process. */
const char *ts_temp_dir(void);

#endif
