/*
 * "assay test" as one call: find the binaries, choose, run, report, remember.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_RUN_H
#define HARNESS_RUNNER_TEST_RUN_H

#include "harness/runner/schedule.h"
#include "harness/runner/select.h"
#include "harness/runner/under_profile.h"

enum hn_list_format { HN_LIST_NO, HN_LIST_TEXT, HN_LIST_JSON };

struct hn_test_config {
    char **binaries; /* none: those CTest knows in build_dir */
    int binary_count;
    const char *build_dir; /* NULL: found from the working directory */
    struct hn_selection selection;
    const char *balance;         /* file of durations shards are balanced by; NULL: they are not */
    const char *fingerprint;     /* that the partition must have; NULL: any */
    struct hn_schedule schedule; /* listener is filled in */
    enum hn_list_format list;
    const char *engine;           /* "fork" or "criterion" */
    const char *under;            /* a tool, or NULL */
    const char *profile_dir;      /* under cpu-profile; NULL: beside the report */
    hn_profile_save save_profile; /* under cpu-profile: how a file is written */
    bool leaks, coverage, allow_empty, quiet, color, live;
    int skip_status;          /* what to end with where all that was chosen was skipped */
    const char *coverage_dir; /* with coverage: where its reports go */
    bool update_snapshots, ci;
    unsigned slowest;
    const char *junit, *tap, *json, *html; /* paths, "-" stdout, NULL none */
    bool github, junit_strict;
    const char *history; /* file of durations and failures; NULL: none */
    const char *command; /* the command line, for reports */
};

/* The exit status of DESIGN's contract; err is filled when it is 2 or 3 and something is to say. */
int hn_test_run(const struct hn_test_config *config, struct pf_err *err);

#endif
