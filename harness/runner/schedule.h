/*
 * Run the chosen tests of a plan: lanes side by side, time limits, retries, Ctrl-C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SCHEDULE_H
#define HARNESS_RUNNER_SCHEDULE_H

#include "harness/runner/suite_process.h"
#include "harness/runner/tool.h"
#include "harness/runner/verdict.h"

/* What wants to know how the run goes; any may be NULL. */
struct hn_listener {
    void *self;
    void (*on_start)(void *self, const struct hn_test *test, unsigned attempt);
    void (*on_end)(void *self, const struct hn_test *test, const struct hn_attempt *attempt,
                   unsigned number);
    void (*on_tick)(void *self); /* about ten times a second */
    const struct hn_listener *next;
};

/* How a binary is started for tests that need more than a plain process: any of these together. */
enum hn_special {
    HN_PLAIN = 0,
    HN_SPECIAL_CALLGRIND = 1,
    HN_SPECIAL_ALLOCS = 2,
    HN_SPECIAL_LEAKS = 4, /* with the agent, which callgrind does without */
    HN_SPECIAL_COUNT = 8
};

/* In which tests' processes the agent judges memory. */
enum hn_agent_place { HN_AGENT_NOWHERE, HN_AGENT_IN_TORTURE, HN_AGENT_EVERYWHERE };

enum { HN_AGENT_FACTOR = 3 }; /* a test with it may take so many times longer */

struct hn_snapshots;
struct hn_under_leaks;

struct hn_schedule {
    unsigned jobs;
    double timeout_s;   /* of a test without one of its own; 0: none */
    double time_factor; /* under a slow tool every limit is multiplied */
    unsigned retries;   /* of a test that states none */
    unsigned repeat;    /* how often everything runs; 0: once */
    bool until_fail;    /* repeat until something is red, repeat times at most; 0: no end */
    bool fail_fast;
    bool show_output;
    bool network_namespace;
    bool isolate_cwd;   /* a test runs in its private directory */
    bool no_stacks;     /* do not stop crashed or late tests to read their stacks */
    uint32_t run_flags; /* enum hn_wire_run_flag, sent with every test */
    uint64_t memory_bytes;
    bool keep_output; /* of passed tests too */
    struct hn_policy policy;
    const struct hn_tool *tool;   /* NULL: none */
    struct hn_under_leaks *leaks; /* the agents' collector; NULL with HN_AGENT_NOWHERE */
    enum hn_agent_place agent;
    /* Start a binary in a special way and list it; NULL: not possible here. */
    bool (*start_special)(void *self, struct hn_suite *out, uint32_t binary, unsigned kind,
                          struct pf_err *err);
    void *special_self;
    const struct hn_tool *callgrind; /* of HN_SPECIAL_CALLGRIND */
    const struct hn_snapshots *snapshots;
    const struct hn_listener *listener;
};

struct hn_tally {
    uint32_t by_status[HN_STATUS_COUNT];
    uint32_t ran;
    bool interrupted;
    double seconds;
};

/* Add the verdicts of the chosen tests. */
void hn_tally_count(const struct hn_plan *plan, struct hn_tally *tally);

/* suites as hn_plan_load left them. Every chosen test has a status afterwards. */
ASSAY_CHECKED
bool hn_schedule_run(struct hn_plan *plan, struct hn_suite *suites,
                     const struct hn_schedule *schedule, struct hn_tally *tally,
                     struct pf_err *err);

#endif
