/*
 * What there is to run: binaries, their tests, and what became of each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_PLAN_H
#define HARNESS_RUNNER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/arena.h"
#include "profiler/base/buf.h"

/* In order of precedence: of two findings in one test the later here is the verdict. */
enum hn_status {
    HN_NOT_RUN, /* chosen, but the run ended before */
    HN_PASS,
    HN_SKIP,
    HN_FLAKY, /* failed, then passed on a retry */
    HN_FAIL,
    HN_EXIT,      /* the code under test called exit() */
    HN_LEFT_OVER, /* processes or listening sockets left behind */
    HN_LEAK,
    HN_SANITIZER, /* ASan, UBSan, TSan, or a valgrind tool */
    HN_TIMEOUT,
    HN_HANG, /* over its time without using the CPU */
    HN_CRASH,
    HN_ERROR, /* the test could not be run at all */
    HN_STATUS_COUNT
};

/* "pass", "left_over", ...: as in JSON. */
const char *hn_status_name(enum hn_status status);

/* Does it make the run red? */
bool hn_status_is_red(enum hn_status status);

enum hn_message_kind { HN_MESSAGE_FAILURE, HN_MESSAGE_ERROR, HN_MESSAGE_WARNING, HN_MESSAGE_NOTE };

/* Texts are borrowed from the result's arena. */
struct hn_message {
    enum hn_message_kind kind;
    const char *file; /* "" if none */
    uint32_t line;
    const char *text;
    struct hn_message *next;
};

struct hn_leak {
    const char *kind; /* "definite", "fd", "process", ... */
    const char *text;
    uint64_t bytes;
    struct hn_leak *next;
};

/* One run of one test. */
struct hn_attempt {
    enum hn_status status;
    double duration_s;
    int signal; /* of a crash */
    int exit_code;
    uint64_t asserts;
    uint64_t cpu_us, peak_kib;
    uint64_t instructions; /* under callgrind; 0: not counted */
    bool asserted_nothing;
    struct hn_message *messages; /* in order */
    struct hn_leak *leaks;
    const char *reason; /* one line: why the status, or why it was skipped */
    const char *stacks; /* text of every thread, or NULL */
    const char *out, *err;
    int pid;             /* of the process it ran in; 0: not known */
    const char *profile; /* path of its CPU profile, or NULL */
    uint64_t profile_samples;
    struct hn_attempt *next; /* the retry */
};

#define HN_NO_CASE UINT32_MAX /* wider than an enumerator of ISO C may be */

struct hn_test {
    uint32_t binary;          /* in hn_plan.binaries */
    uint32_t index;           /* in the binary's own list */
    uint32_t param;           /* HN_NO_CASE: not parameterized */
    const char *id;           /* "binary/suite/test[case]", stable from run to run */
    const char *suite, *name; /* name has the case: "test[2]" */
    const char *file, *description, *tags, *torture;
    uint32_t line, retries, memory_mb, flags; /* enum hn_wire_test_flag */
    int signal, exit_code;
    double timeout_s;       /* its own; 0: none */
    double last_duration_s; /* of the last run; <0: not known */
    double balance_s;       /* what shards are balanced by; <0: not known */
    bool last_failed;
    uint64_t last_stamp; /* of the binary it last ran in; 0: never did */
    bool chosen;
    enum hn_status status;       /* the final verdict */
    struct hn_attempt *attempts; /* first to last */
};

/* A stored snapshot no test of the run asked for. */
struct hn_obsolete {
    const char *path;
    bool removed;
    struct hn_obsolete *next;
};

/* What was not in a working directory before the tests and is after them. */
struct hn_left_file {
    const char *path;
    struct hn_left_file *next;
};

enum hn_binary_kind { HN_BINARY_CRITERION, HN_BINARY_BAD };

struct hn_binary {
    const char *path;
    const char *name;        /* last component, unique within the plan: plan_names.h */
    const char *working_dir; /* NULL: ours */
    const char *const *env;  /* "NAME=VALUE", set for it, NULL ends; NULL: ours */
    enum hn_binary_kind kind;
    const char *problem;   /* why it cannot be used */
    const char *remark;    /* what is to be known of it all the same, a line each; or NULL */
    const char *sanitizer; /* "" or "libasan.so.8": must be preloaded before us */
    bool has_asan, has_tsan, has_ubsan;
    uint64_t gcov_dump, gcov_reset;
    uint64_t stamp; /* what "changed" is judged by */
    uint32_t first_test, test_count;
};

struct hn_plan {
    struct pf_arena arena;
    struct hn_binary *binaries;
    uint32_t binary_count;
    struct hn_test *tests;
    uint32_t test_count, test_capacity;
    uint32_t *order; /* chosen tests, as they shall run */
    uint32_t order_count;
    bool is_empty_shard;          /* others have all tests that were asked for */
    struct hn_obsolete *obsolete; /* after the run; in the arena */
    bool obsolete_is_red;
    struct hn_left_file *left_files; /* after the run; in the arena */
};

void hn_plan_fini(struct hn_plan *plan);

/* The last attempt, whose verdict counts; NULL if it never ran. */
const struct hn_attempt *hn_test_last(const struct hn_test *test);

/* Add a message at the end. text and file are copied into arena. */
void hn_attempt_say(struct hn_attempt *attempt, struct pf_arena *arena, enum hn_message_kind kind,
                    const char *file, uint32_t line, const char *text);
void hn_attempt_leak(struct hn_attempt *attempt, struct pf_arena *arena, const char *kind,
                     uint64_t bytes, const char *text);

/* printf into an arena; at most 4 KiB. */
const char *hn_text(struct pf_arena *arena, const char *fmt, ...) ASSAY_PRINTF(2, 3);

#endif
