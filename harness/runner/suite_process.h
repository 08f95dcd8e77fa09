/*
 * A test binary, started once with our part preloaded: its list of tests, and lanes on demand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SUITE_PROCESS_H
#define HARNESS_RUNNER_SUITE_PROCESS_H

#include <stdbool.h>

#include "harness/runner/capture.h"
#include "harness/runner/plan.h"
#include "profiler/base/err.h"
#include "profiler/base/spawn.h"

/* Zero is a valid one that was never started; descriptors that are not open are 0. */
struct hn_suite {
    struct pf_child child;
    int control_fd;
    int output_fd; /* what the binary itself prints, outside tests */
    struct hn_capture output;
    bool is_listed;
    char evaluating[256];       /* the test whose parameters it was computing last */
    const char *memory_problem; /* why the agent it was to have is not in it; NULL: it is */
};

struct hn_suite_spec {
    const struct hn_binary *binary;
    const char *preload;        /* path of libassay-runner.so */
    const char *extra_preload;  /* further object before it, or NULL */
    const char *agent;          /* path of libassay-agent.so, also for what tests start, or NULL */
    const char *invitation;     /* "NAME=VALUE" for it, or NULL */
    const char *const *wrapper; /* tool and its arguments, NULL-terminated, or NULL */
    const char *engine;         /* "fork" or "criterion" */
    const char *select;         /* criterion: indices to run, or NULL: list only */
};

ASSAY_CHECKED
bool hn_suite_start(struct hn_suite *out, const struct hn_suite_spec *spec, struct pf_err *err);

/* Kill it and all it started. */
void hn_suite_stop(struct hn_suite *suite);

enum hn_suite_step { HN_SUITE_MORE, HN_SUITE_LISTED, HN_SUITE_BROKEN };

/*
 * Take one message; tests are added to plan. BROKEN: the binary cannot be used, and
 * plan->binaries[binary].problem says why.
 */
enum hn_suite_step hn_suite_receive(struct hn_suite *suite, struct hn_plan *plan, uint32_t binary);

/* For a second process of a binary already listed: skip its list, within two minutes. */
ASSAY_CHECKED
bool hn_suite_await_list(struct hn_suite *suite, struct pf_err *err);

/* Hand the four descriptors of a new lane over: control, stdout, stderr, shared mapping. */
ASSAY_CHECKED
bool hn_suite_open_lane(struct hn_suite *suite, const int fds[4], struct pf_err *err);

/* Where libassay-runner.so is: beside the command, in the build tree, or installed. */
ASSAY_CHECKED
bool hn_preload_find(char *path, size_t size, const char *name, struct pf_err *err);

#endif
