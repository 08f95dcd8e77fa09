/*
 * The runner's end of a lane: where one test after another of one binary runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_LANE_LINK_H
#define HARNESS_RUNNER_LANE_LINK_H

#include <stdbool.h>

#include "harness/preload/wire.h"
#include "harness/runner/capture.h"
#include "harness/runner/suite_process.h"
#include "profiler/base/err.h"

/* Zero is a valid closed one. */
struct hn_lane {
    int control_fd, out_fd, err_fd;
    struct hn_shared *shared;
    struct hn_capture out, err;
};

/* The process of the test that runs, 0 if none does, and the lane's; asked now, not remembered. */
pid_t hn_lane_test_pid(const struct hn_lane *lane);
pid_t hn_lane_pid(const struct hn_lane *lane);

/* With show_output the test writes to our own stdout and stderr. */
ASSAY_CHECKED
bool hn_lane_open(struct hn_lane *out, struct hn_suite *suite, bool show_output,
                  struct pf_err *err);
void hn_lane_close(struct hn_lane *lane);

ASSAY_CHECKED
bool hn_lane_run(struct hn_lane *lane, const struct hn_wire_run *run, struct pf_err *err);

/* Take one message; false when the lane is gone. */
bool hn_lane_receive(struct hn_lane *lane, struct hn_wire_state *state);

#endif
