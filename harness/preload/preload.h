/*
 * The runner's part inside a test binary: what its files share.
 *
 * libassay-runner.so is preloaded into an unmodified Criterion binary and stands in for the
 * functions of libcriterion that a test calls. Context: the binary's own process (list, fork
 * lanes), a lane (run tests one by one), or the test's process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_PRELOAD_H
#define HARNESS_PRELOAD_PRELOAD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/preload/wire.h"

struct criterion_test;
struct criterion_suite;
struct criterion_test_set;
struct criterion_test_stats;

/* Marks what takes the place of a function of libcriterion. */
#define HN_INTERPOSE __attribute__((visibility("default")))

enum hn_mode { HN_MODE_OFF, HN_MODE_FORK, HN_MODE_CRITERION };

/* One test of the binary, in the runner's order. */
struct hn_item {
    struct criterion_test *test;
    struct criterion_suite *suite;
    const char *params; /* case I is at params + I * param_size */
    size_t param_size;
    uint32_t cases;
    uint32_t first_outcome; /* of its cases; 0 before hn_stats_open */
};

/* How one run of a test ended, as Criterion counts it. */
struct hn_outcome {
    bool is_known, crashed, timed_out;
    uint8_t status; /* enum criterion_test_status */
    int32_t signal, exit_code;
    uint32_t passed_asserts, failed_asserts;
    float seconds;
};

/* The one mutable state of this library. */
struct hn_preload {
    enum hn_mode mode;
    bool is_listing;
    bool is_instrumented; /* by a sanitizer, which reports crashes itself */
    int control_fd;
    struct hn_item *items;
    uint32_t item_count;
    struct hn_shared *shared;      /* in a lane and in a test */
    struct hn_lane_page *page;     /* in a lane alone */
    struct hn_native_page *native; /* with Criterion's own engine */
    pid_t test_pid;                /* in a test: its process */
    pid_t test_tid;                /* and the thread it runs in */
    void *param;                   /* of a parameterized test */
    int expected_signal;
    bool may_park;
    uint64_t gcov_dump;
};

extern struct hn_preload hn_preload;

/* interpose_main.c: the next definition of a symbol we stand in for; ends the process if there is
 * none. */
void *hn_real(const char *name);
void hn_environment_clean(void);

/* zygote.c: list the tests of set, then serve the runner until it hangs up. */
void hn_zygote_serve(struct criterion_test_set *set);

/* lane.c: run tests until the runner hangs up; binary is the process that forked it. */
void hn_lane_serve(int control_fd, pid_t binary) __attribute__((noreturn));

/* lane_end.c: what a lane that is to be told of the end of the binary's process sets up; when it
 * may be told (in calls that wait), and when it dies of it at once (in the binary's own code); its
 * end: what the test started dies, and where no runner asked for it the test's directory goes. */
void hn_lane_end_prepare(pid_t binary);
void hn_lane_end_allow(bool now);
void hn_lane_end_at_once(bool now);
void hn_lane_end_dir(const char *temp_dir);
void hn_lane_end(bool is_asked_to) __attribute__((noreturn));

/* testcase.c: the life of one test, in its own fresh process. Does not return. */
void hn_case_run(const struct hn_item *item, const struct hn_wire_run *run)
    __attribute__((noreturn));

/* Where a failed assertion goes on: the end of the current phase, or a theory's next data points.
 * Returns what was set before. */
jmp_buf *hn_case_escape_set(jmp_buf *to);

/* Is the caller the test itself: its process, not a child it forked? */
bool hn_case_is_here(void);

/* shared_log.c. Context: signal (no allocation, no locks). */
void hn_record(enum hn_record_kind kind, uint32_t line, const char *text, size_t size);
void hn_record_text(enum hn_record_kind kind, const char *text);
void hn_record_printf(enum hn_record_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void hn_record_failure(const char *file, uint32_t line, const char *message);
void hn_phase_set(enum hn_wire_phase phase);

/* crash_park.c: stop at a fatal signal so that the runner can look, then die of it as before. */
void hn_crash_prepare(void); /* once, in the lane */
void hn_crash_install(void);

/* Does our handler stand for this signal's default action, in this process? Is this handler ours?
 * Put it there (again). */
bool hn_crash_stands_for(int signal_number);
bool hn_crash_is_ours(const void *handler);
void hn_crash_stand(int signal_number);

/* clean_up.c: the test's tools let go of what they hold. */
void hn_clean_up(void);

/* case_ending.c: from here on, how the test's process ends is told. */
void hn_ending_watch(void);

/* sanitizer_words.c, once, in the lane: what a sanitizer reports comes out where the test's errors
 * do, whatever the test does to its own. */
void hn_sanitizer_prepare(void);

/* Write gcov's counters now; for processes about to be killed. */
void hn_coverage_dump(void);

/* open_fds.c: what is open now (but for one, which a test closes), and what it left open since. */
void hn_fds_remember(int but_not);
void hn_fds_compare(void);

/* What opener opens is not the test's. */
void hn_fds_adopt(void (*opener)(void));

/* socket_name.c: would others find a server here: is it listening, or a datagram socket with a port
 * and without a peer? Then name is "tcp 127.0.0.1:80 (listening)". */
bool hn_socket_serves(int fd, char *name, size_t room);

/* valgrind_ask.c: the tool begins to count with the test, and its findings so far are recorded.
 * Nothing happens when not under valgrind. */
bool hn_valgrind_is_here(void);
void hn_valgrind_begin(bool wants_leaks);
void hn_valgrind_ask(bool wants_leaks);

/* agent_ask.c: the allocation agent, where --under leaks put it: found once, in the binary's own
 * process; told before the test's network becomes its own, before its body, and after. */
void hn_agent_find(void);
void hn_agent_connect(const struct hn_wire_run *run);
void hn_agent_begin(const struct hn_wire_run *run);
void hn_agent_end(const struct hn_wire_run *run);

/* isolate.c: limits, temporary directory and network of the test. */
void hn_isolate(const struct hn_wire_run *run);

/* left_over.c: kill what the test left behind; returns how many processes those were. */
uint32_t hn_children_sweep(bool report);

/* report_hooks.c: ReportHook()s of the binary. */
void hn_hooks_run(const char *section, void *argument);
bool hn_hooks_has(const char *section);

/* hook_outcome.c, in the lane: the hooks of a test that ended, with what is in shared. Its hooks
 * print where the test printed. */
void hn_outcome_report(const struct hn_wire_run *run, int wait_status, uint64_t duration_ns);
void hn_outcome_fill(struct criterion_test_stats *stats, struct criterion_test *test,
                     const struct hn_outcome *outcome);

/* hook_stats.c: outcomes of all tests, where lanes leave them for the binary's own process, if it
 * has hooks that ask; then those hooks. */
void hn_stats_open(void);
void hn_stats_note(const struct hn_item *item, uint32_t param, const struct hn_outcome *outcome);
void hn_stats_begin(struct criterion_test_set *set);
void hn_stats_report(void);

/* report_hooks.c: what the loader added to the executable's file addresses. */
uint64_t hn_hooks_bias(void);

/* false_gt.c: a gt() of the executable's C code that passes where both sides are equal, as written;
 * NULL: there is none. */
const char *hn_false_gt(void);

/* zygote.c: evaluate parameters and describe every test to the runner. */
void hn_tests_list(struct criterion_test_set *set);
void hn_control_send(const void *packet, size_t size);
void hn_control_send_text(enum hn_wire_type type, const char *text);

/* remarks.c: to the runner, within the list of tests, once items is filled. */
void hn_remarks_send(void);

/* criterion_engine.c: hand over to Criterion's own runner, reporting what it does. */
int hn_native_run(struct criterion_test_set *set);

/* criterion_select.c: only what the runner asked for runs: "0 3:2 4", the test 3 from its case 2.
 */
void hn_native_select(const char *selection);

/* criterion_worker.c. In the binary's own process: the page workers tell through, empty again
 * before each test. In a worker: find it; count an assertion; how far the test came; fail it for
 * what only the fork engine can do, false elsewhere. */
void hn_worker_page_open(void);
void hn_worker_find(void);
void hn_worker_assert(void);
void hn_worker_phase(enum hn_wire_phase phase);
bool hn_worker_refuses(const char *file, uint32_t line, const char *what);

#endif
