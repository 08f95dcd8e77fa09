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

#include <criterion/criterion.h>
#include <criterion/logging.h>
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

/*
 * A test that runs once whole, then once for every call of the named functions its body makes, with
 * that call failing. It must not crash, hang, leak memory or lose descriptors; the call that broke
 * it is named. A failed assertion is fine, but leaves the body where it stands: what the body
 * itself holds then is lost. Every function must be wrapped (assay_wrap() in CMake). Memory is
 * judged by the allocation agent, or by the memcheck or AddressSanitizer it runs under; under other
 * tools it is not, which a warning tells.
 */
#define AssayTorture(Suite, Name, ...) Test(Suite, Name, .data = assay_options(__VA_ARGS__))

/* The names for .fail: ASSAY_CALLS(malloc, open, write). */
#define ASSAY_CALLS(...) #__VA_ARGS__

/*
 * The block that follows may execute at most so many instructions, or allocations, in this thread
 * (instructions) or process (allocations). Counted exactly: by the processor where it can, else the
 * test is run again under callgrind; allocations with the runner's counter.
 */
#define assay_instructions_at_most(n) ASSAY_BUDGET_("instructions", (n))
#define assay_allocs_at_most(n) ASSAY_BUDGET_("allocs", (n))

/*
 * assay_snapshot(content, redaction...): content equals what it was when the snapshot was taken
 * (snapshots/SUITE.TEST.N.snap beside the source). JSON is compared by value, keys sorted. A
 * redaction that begins with '/' is a JSON pointer, '*' any key or index; any other is a regular
 * expression. assay test --update-snapshots writes them anew; a missing one is written, but in CI
 * refused. One that no test of a whole run asks for any more is told, in CI refused, and removed by
 * --update-snapshots.
 */
#define assay_snapshot(...)                                                                        \
    assay_snapshot_(__FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})

/* ---- behind the macros ---- */

struct assay_budget_ {
    const char *kind;
    const char *file;
    uint64_t limit;
    unsigned line;
    bool begun;
};

/* Provided by the runner; absent when the binary runs on its own. */
extern void assay_runner_budget_begin(const struct assay_budget_ *budget) __attribute__((weak));
extern void assay_runner_budget_end(const struct assay_budget_ *budget) __attribute__((weak));
extern void assay_runner_snapshot(const char *file, unsigned line, const char *const *texts)
    __attribute__((weak));

static inline bool assay_budget_next_(struct assay_budget_ *budget)
{
    if (!assay_runner_budget_begin) {
        if (!budget->begun)
            cr_log_warn("%s:%u: %s are not counted: run with assay test", budget->file,
                        budget->line, budget->kind);
    } else if (!budget->begun) {
        assay_runner_budget_end(NULL); /* bound lazily: not in what is counted */
        assay_runner_budget_begin(budget);
    } else {
        assay_runner_budget_end(budget);
    }
    budget->begun = !budget->begun;
    return budget->begun;
}

#define ASSAY_BUDGET_(what, n)                                                                     \
    for (struct assay_budget_ assay_budget_here = {.kind = (what),                                 \
                                                  .file = __FILE__,                                \
                                                  .line = __LINE__,                                \
                                                  .limit = (uint64_t)(n)};                         \
         assay_budget_next_(&assay_budget_here);)

static inline void assay_snapshot_(const char *file, unsigned line, const char *const *texts)
{
    if (assay_runner_snapshot)
        assay_runner_snapshot(file, line, texts);
    else
        cr_log_warn("%s:%u: the snapshot is not compared: run with assay test", file, line);
}

#endif
