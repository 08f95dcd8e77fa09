/*
 * Runs "assay test" on sample suites and answers questions about what its JSON lines say.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_RUNNER_SUPPORT_H
#define TESTS_INTEGRATION_RUNNER_SUPPORT_H

#include <jansson.h>

#include "tests/support/command.h"

struct ts_run_events {
    struct ts_result result; /* exit status; the events are its stdout */
    json_t *ends;            /* array of test_end events, in the order they came */
    json_t *run_end;
};

/* printf-formatted: the options and suites after "assay test --json --history none". "sample_x"
 * stands for the built suite of that name; environment may come first: "FLAKY_FILE=x;". */
struct ts_run_events ts_run_suites(const char *fmt, ...) ASSAY_PRINTF(1, 2);
void ts_run_events_fini(struct ts_run_events *run);

/* The last test_end whose id ends in name; NULL if there is none. */
json_t *ts_end_of(const struct ts_run_events *run, const char *name);

/* A string member of it, "" if absent. */
const char *ts_end_text(const struct ts_run_events *run, const char *name, const char *key);
const char *ts_status_of(const struct ts_run_events *run, const char *name);

/* Does a message of this test contain text? */
bool ts_has_message(const struct ts_run_events *run, const char *name, const char *text);

/* The directory of the built sample suites. */
const char *ts_suites_dir(void);

/* Is a process running whose command line contains text? */
bool ts_is_running(const char *text);

#endif
