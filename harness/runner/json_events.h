/*
 * A run as JSON lines, written while it runs: docs/schemas/test-events.json.
 *
 * run_start, then test_start and test_end of every attempt, then test_profile of every test that
 * has one, then run_end. A line is whole or absent whenever the run is interrupted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_JSON_EVENTS_H
#define HARNESS_RUNNER_JSON_EVENTS_H

#include <jansson.h>

#include "harness/runner/schedule.h"
#include "harness/runner/test_report.h"

struct hn_json_events {
    int fd;
    const char *path; /* kept for messages */
    bool failed;
    struct pf_err err; /* the first, if failed */
    struct hn_listener listener;
};

/* path "-" is stdout. The file is written as the run goes, so that a reader may follow it. */
ASSAY_CHECKED
bool hn_json_open(struct hn_json_events *events, const char *path, struct pf_err *err);
void hn_json_run_start(struct hn_json_events *events, const struct hn_plan *plan,
                       const struct hn_run_info *info);
/* Where the CPU profiles of the tests are: they are written when all have ended. */
void hn_json_profiles(struct hn_json_events *events, const struct hn_plan *plan);
ASSAY_CHECKED
bool hn_json_run_end(struct hn_json_events *events, const struct hn_plan *plan,
                     const struct hn_tally *tally, struct pf_err *err);
void hn_json_close(struct hn_json_events *events);

/* One test as an object: "id", "suite", "name", "file", "line", ... New reference. */
json_t *hn_json_test(const struct hn_test *test, const struct hn_plan *plan);

/* A string of any bytes: what is not UTF-8 becomes U+FFFD. New reference. */
json_t *hn_json_text(const char *text);

#endif
