/*
 * A run under way: what the files of the schedule share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SCHEDULE_PRIV_H
#define HARNESS_RUNNER_SCHEDULE_PRIV_H

#include "harness/preload/wire.h"
#include "harness/runner/lane_link.h"
#include "harness/runner/schedule.h"
#include "harness/runner/temp_dir.h"

enum hn_source { FROM_SIGNAL, FROM_LANE, FROM_OUT, FROM_ERR, FROM_SUITE };

/* A test to be started: for the first time, again, or with one call failing. */
struct hn_again {
    uint32_t test;
    unsigned attempt;
    unsigned special; /* enum hn_special */
    unsigned torture_nth;
};

/* One place where a test runs. */
struct hn_slot {
    struct hn_lane lane;
    bool is_open, is_busy;
    uint32_t binary;
    unsigned special;                              /* how the binary of the open lane was started */
    struct hn_again now;                           /* what runs */
    uint64_t start_ns, half_ns, limit_ns, kill_ns; /* kill_ns: when the lane itself must die */
    bool asked_twice;                              /* to end */
    uint64_t demand_at_half;
    double limit_s, factor; /* the limit, and how many times the stated one that is */
    struct hn_observed seen;
    const char *stacks;
    int torture_fd; /* where the mocks of a torture test tell what they did */
    char temp_dir[HN_WIRE_PATH_MAX];
};

struct hn_run {
    struct hn_plan *plan;
    struct hn_suite *suites;
    struct hn_suite *special; /* HN_SPECIAL_COUNT a binary, started when first needed */
    const struct hn_schedule *schedule;
    struct hn_tally *tally;
    struct hn_slot *slots;
    uint32_t *left;         /* tests of a binary still to run */
    struct hn_again *again; /* retries to come */
    uint32_t again_count;
    uint32_t next, round;
    struct hn_temp_dir temp;
    int epoll_fd, signal_fd;
    bool stop, red;
};

/* schedule_conclude.c: what becomes of a finished attempt. */
void hn_run_tell_start(const struct hn_run *run, const struct hn_test *test, unsigned attempt);
void hn_run_add_attempt(struct hn_test *test, struct hn_attempt *attempt);
void hn_run_conclude(struct hn_run *run, uint32_t index, struct hn_attempt *attempt,
                     unsigned number);

/* A test that could not even be started. */
void hn_run_conclude_error(struct hn_run *run, uint32_t index, const char *why);

/* The test in this slot has ended: judge it, run it again where needed, or conclude. */
void hn_slot_end(struct hn_run *run, struct hn_slot *slot);

/* schedule_memory.c: HN_SPECIAL_LEAKS for a test whose memory is judged in a process of its own
 * kind, else HN_PLAIN; then what was lost in the test that ended, or why nobody can tell. */
unsigned hn_memory_special(const struct hn_run *run, const struct hn_test *test);
void hn_memory_judge(struct hn_run *run, const struct hn_slot *slot, struct hn_attempt *attempt);

/* schedule_start.c: a test into a slot. */
void hn_slot_start(struct hn_run *run, uint32_t slot_index, const struct hn_again *what);
void hn_slot_close(struct hn_slot *slot);
void hn_run_watch(struct hn_run *run, int fd, enum hn_source source, uint32_t index);

#endif
