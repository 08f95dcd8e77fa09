/*
 * What a test may tell the runner: tags, retries, limits, budgets, snapshots, torture.
 *
 *     Test(upload, survives_a_gigabyte, .data = assay_options(.tags = "slow net", .retries = 2))
 *
 *     AssayTorture(store, put, .fail = ASSAY_CALLS(malloc, open, write)) { store_put("k", "v"); }
 *
 *     Test(parser, stays_cheap)
 *     {
 *         assay_allocs_at_most(0) { parse(request); }
 *         assay_instructions_at_most(20000) { parse(request); }
 *     }
 *
 *     Test(api, lists_users) { assay_snapshot(body, "/users/" "*" "/id", "/took_ms"); }
 *
 * A binary that uses them still runs on its own: what only the runner can do is then skipped and
 * said.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_RUNNER_H
#define ASSAY_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a Test (.data) or of a whole TestSuite (.data), where a test's own come first. */
struct assay_test_options {
    uint64_t magic;         /* set by assay_options() */
    const char *tags;       /* words: "slow net"; chosen with assay test --tag */
    unsigned retries;       /* how often a failure is tried again; a later pass is "flaky" */
    unsigned memory_mb;     /* of private memory; beyond it allocations fail */
    bool network_namespace; /* own network with nothing but a loopback interface */
    const char *fail;       /* torture: names of the calls made to fail, one after another */
};

#define ASSAY_OPTIONS_MAGIC UINT64_C(0x4173736179546573)

#define assay_options(...) (&(struct assay_test_options){.magic = ASSAY_OPTIONS_MAGIC, __VA_ARGS__})

#endif
