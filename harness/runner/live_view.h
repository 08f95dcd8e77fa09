/*
 * A run as it goes, on a terminal: one line of progress, red tests above it as they come.
 *
 * Everything goes to stderr; stdout belongs to the results.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_LIVE_VIEW_H
#define HARNESS_RUNNER_LIVE_VIEW_H

#include "harness/runner/schedule.h"

enum { HN_LIVE_RUNNING_MAX = 256 };

struct hn_live_view {
    struct hn_listener listener;
    const struct hn_plan *plan;
    bool color;
    unsigned done, red;
    uint64_t start_ns;
    struct {
        const struct hn_test *test;
        uint64_t start_ns;
    } running[HN_LIVE_RUNNING_MAX];
    unsigned running_count;
};

void hn_live_init(struct hn_live_view *view, const struct hn_plan *plan, bool color);

/* Erase the line of progress; call before the summary. */
void hn_live_end(struct hn_live_view *view);

#endif
