/*
 * The binaries of a run, started the way its options ask: plain, under a tool, with the agent.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_LOAD_H
#define HARNESS_RUNNER_TEST_LOAD_H

#include "harness/runner/temp_dir.h"
#include "harness/runner/test_run.h"
#include "harness/runner/under_leaks.h"

enum { HN_LOAD_PATH = 4096 };

/* Zero but for config and plan is a valid empty one. */
struct hn_loaded {
    const struct hn_test_config *config; /* keeps */
    const struct hn_plan *plan;          /* keeps */
    struct hn_suite *at;                 /* one a binary */
    struct hn_tool tool, callgrind;
    struct hn_temp_dir tool_dir;
    struct hn_under_profile profile; /* under cpu-profile */
    struct hn_under_leaks leaks;
    bool has_agent; /* leaks judges */
    char preload[HN_LOAD_PATH];
};

bool hn_test_is_profiled(const struct hn_test_config *config);

/* Start every binary of plan and learn its tests. Where the agent cannot be used for leaks, all run
 * under memcheck, and stderr says so. */
ASSAY_CHECKED
bool hn_test_load(struct hn_loaded *loaded, struct hn_plan *plan, struct pf_err *err);

/* Without a sanitizer, which neither the agent nor valgrind can enter. */
bool hn_binary_is_plain(const struct hn_binary *binary);

/* End the binaries' processes; of no use any more once Criterion's own engine knows their tests. */
void hn_loaded_stop(struct hn_loaded *loaded);

void hn_loaded_fini(struct hn_loaded *loaded);

#endif
