/*
 * Which tests run, and in what order.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SELECT_H
#define HARNESS_RUNNER_SELECT_H

#include "harness/runner/plan.h"

enum { HN_PATTERNS_MAX = 64 };

struct hn_selection {
    const char *patterns[HN_PATTERNS_MAX]; /* any of them; "!GLOB" takes away */
    unsigned pattern_count;
    const char *tags[HN_PATTERNS_MAX]; /* any of them; "!TAG" takes away */
    unsigned tag_count;
    const char *exact[HN_PATTERNS_MAX]; /* tests by their "suite/test[case]", any of them */
    unsigned exact_count;
    unsigned shard, shard_count; /* 1..N; 0: all */
    bool is_balanced;            /* shards, by balance_s of the tests */
    bool last_failed, failed_first, changed;
    bool shuffle;
    uint64_t seed;
};

/*
 * Does "suite/test[case]", or "binary/suite/test[case]", match? Glob characters * ? [ ] and
 * {a,b}; '*' crosses slashes. A pattern without any is sought anywhere in the id. A '[' that
 * encloses digits only stands for itself: cases are named as they are printed.
 */
bool hn_glob_matches(const char *pattern, const char *id);

/* Why a pattern cannot be meant: "has a '[' without ']'"; NULL: it can. */
const char *hn_glob_problem(const char *pattern);

/* Set chosen on every test and fill plan->order. Shards are made before what is only remembered
 * here (last_failed, changed) chooses among them. Returns the fingerprint of hn_shard. */
uint32_t hn_select(struct hn_plan *plan, const struct hn_selection *selection);

#endif
