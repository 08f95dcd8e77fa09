/* SPDX-License-Identifier: MIT */
#include "harness/runner/verdict.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"

/* Wait statuses as Linux makes them. */
#define EXITED(code) ((code) << 8)
#define SIGNALED(number) (number)

struct sample {
    const char *claim;
    uint32_t phase;
    int wait_status;
    int expected_signal, expected_exit;
    bool timed_out, was_idle;
    uint32_t left_over, failures;
    const char *err;
    enum hn_status status;
};

static enum hn_status judge(const struct sample *sample)
{
    struct hn_shared *shared = calloc(1, HN_WIRE_SHARED_BYTES);
    struct pf_arena arena = {0};
    struct hn_attempt attempt = {.err = sample->err};
    struct hn_test test = {.signal = sample->expected_signal, .exit_code = sample->expected_exit};
    struct hn_binary binary = {.has_ubsan = true};
    struct hn_observed seen = {.wait_status = sample->wait_status,
                               .timed_out = sample->timed_out,
                               .was_idle = sample->was_idle,
                               .left_over = sample->left_over};
    struct hn_policy policy = {0};

    shared->phase = sample->phase;
    shared->failures = sample->failures;
    hn_verdict(&attempt, &arena, &test, &binary, &seen, shared, &policy);
    pf_arena_fini(&arena);
    free(shared);
    return attempt.status;
}

Test(verdict, follows_from_what_was_observed)
{
    static const struct sample samples[] = {
        {"a test that ends passes", HN_PHASE_DONE, EXITED(0), .status = HN_PASS},
        {"with failures it fails", HN_PHASE_DONE, EXITED(0), .failures = 1, .status = HN_FAIL},
        {"its expected signal passes", HN_PHASE_MAIN, SIGNALED(SIGSEGV), SIGSEGV,
         .status = HN_PASS},
        {"not in a fixture", HN_PHASE_SETUP, SIGNALED(SIGSEGV), SIGSEGV, .status = HN_CRASH},
        {"another signal is a crash", HN_PHASE_MAIN, SIGNALED(SIGABRT), SIGSEGV,
         .status = HN_CRASH},
        {"no signal fails", HN_PHASE_DONE, EXITED(0), SIGSEGV, .status = HN_FAIL},
        {"its expected status passes", HN_PHASE_MAIN, EXITED(7), 0, 7, .status = HN_PASS},
        {"another status fails", HN_PHASE_MAIN, EXITED(8), 0, 7, .status = HN_FAIL},
        {"no exit fails", HN_PHASE_DONE, EXITED(0), 0, 7, .status = HN_FAIL},
        {"exit(0) in the body is no pass", HN_PHASE_MAIN, EXITED(0), .status = HN_EXIT},
        {"a bad end after the test counts", HN_PHASE_DONE, EXITED(3), .status = HN_EXIT},
        {"a skip is a skip", HN_PHASE_SKIPPED, EXITED(0), .status = HN_SKIP},
        {"a skip after a failure is a failure", HN_PHASE_SKIPPED, EXITED(0), .failures = 1,
         .status = HN_FAIL},
        {"late and busy", HN_PHASE_MAIN, SIGNALED(SIGKILL), .timed_out = true,
         .status = HN_TIMEOUT},
        {"late and idle", HN_PHASE_MAIN, SIGNALED(SIGKILL), .timed_out = true, .was_idle = true,
         .status = HN_HANG},
        {"left-overs redden a pass", HN_PHASE_DONE, EXITED(0), .left_over = 1,
         .status = HN_LEFT_OVER},
        {"a crash is graver than left-overs", HN_PHASE_MAIN, SIGNALED(SIGSEGV), .left_over = 1,
         .status = HN_CRASH},
        {"LeakSanitizer speaks", HN_PHASE_DONE, EXITED(23),
         .err = "==1==ERROR: LeakSanitizer: detected memory leaks\n", .status = HN_LEAK},
        {"AddressSanitizer speaks", HN_PHASE_MAIN, EXITED(1),
         .err = "==1==ERROR: AddressSanitizer: heap-use-after-free on\n", .status = HN_SANITIZER},
        {"ThreadSanitizer speaks of a race", HN_PHASE_DONE, EXITED(66),
         .err = "WARNING: ThreadSanitizer: data race (pid=1)\n", .status = HN_SANITIZER},
        {"ThreadSanitizer speaks of a crash", HN_PHASE_MAIN, EXITED(66),
         .err = "==1==ERROR: ThreadSanitizer: SEGV on unknown address\n", .status = HN_SANITIZER},
        {"who speaks of a sanitizer is none", HN_PHASE_DONE, EXITED(0),
         .err = "log: ERROR: AddressSanitizer: x, =1==ERROR: LeakSanitizer, 1==ERROR: "
                "LeakSanitizer\nWARNING: ThreadSanitizer: x\n(pid=1)",
         .status = HN_PASS},
        {"UBSan speaks, whatever the status", HN_PHASE_DONE, EXITED(0),
         .err = "x.c:3:5: runtime error: signed integer overflow\n", .status = HN_SANITIZER},
    };

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        cr_expect_eq(judge(&samples[i]), samples[i].status, "%s: %s", samples[i].claim,
                     hn_status_name(judge(&samples[i])));
}

static const char *reason_of(const struct hn_shared *made, bool has_execed, int wait_status,
                             char *out, size_t room)
{
    struct hn_shared *shared = calloc(1, HN_WIRE_SHARED_BYTES);
    struct pf_arena arena = {0};
    struct hn_attempt attempt = {0};
    struct hn_test test = {0};
    struct hn_binary binary = {0};
    struct hn_observed seen = {.wait_status = wait_status, .has_execed = has_execed};
    struct hn_policy policy = {0};

    *shared = *made;
    shared->phase = HN_PHASE_MAIN;
    hn_verdict(&attempt, &arena, &test, &binary, &seen, shared, &policy);
    (void)snprintf(out, room, "%s", attempt.reason);
    pf_arena_fini(&arena);
    free(shared);
    return out;
}

Test(verdict, says_who_left_and_how)
{
    static const struct {
        struct hn_shared shared;
        bool has_execed;
        int wait_status;
        const char *reason;
    } samples[] = {
        {{.ending = HN_ENDING_EXIT}, false, EXITED(2), "called exit(2) in its body"},
        {{.ending = HN_ENDING_EXIT_IN_THREAD},
         false,
         EXITED(2),
         "another of its threads called exit(2) in its body"},
        {{.ending = HN_ENDING_THREAD},
         false,
         EXITED(0),
         "its thread ended by pthread_exit() in its body"},
        {{0},
         true,
         EXITED(0),
         "became another program by exec in its body, which ended with "
         "status 0"},
        {{0}, false, EXITED(0), "called _exit(0) or quick_exit(0) in its body"},
        {{.crash = HN_CRASH_PARKED, .crash_signal = SIGSEGV, .crash_code = 1},
         false,
         SIGNALED(SIGSEGV),
         "SIGSEGV at address 0x0 (NULL), in its body"},
        {{.crash = HN_CRASH_PARKED, .crash_signal = SIGSEGV, .crash_code = SI_KERNEL},
         false,
         SIGNALED(SIGSEGV),
         "SIGSEGV in its body"},
        {{.crash = HN_CRASH_PARKED, .crash_signal = SIGPIPE, .crash_code = SI_USER},
         false,
         SIGNALED(SIGPIPE),
         "SIGPIPE in its body"},
    };
    char text[256];

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        cr_expect_str_eq(reason_of(&samples[i].shared, samples[i].has_execed,
                                   samples[i].wait_status, text, sizeof text),
                         samples[i].reason);
}

Test(verdict, a_limit_that_was_multiplied_is_told_as_stated)
{
    static const struct {
        double limit_s, factor;
        const char *text;
    } cases[] = {{0.5, 0, "limit of 0.5 s"},
                 {0.5, 1, "limit of 0.5 s"},
                 {30, 30, "limit of 30 s (1 s, times 30 for what slows it)"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hn_shared *shared = calloc(1, HN_WIRE_SHARED_BYTES);
        struct pf_arena arena = {0};
        struct hn_attempt attempt = {0};
        struct hn_test test = {0};
        struct hn_binary binary = {0};
        struct hn_observed seen = {
            .timed_out = true, .limit_s = cases[i].limit_s, .limit_factor = cases[i].factor};
        struct hn_policy policy = {0};
        hn_verdict(&attempt, &arena, &test, &binary, &seen, shared, &policy);
        cr_expect_str_eq(strstr(attempt.reason, "limit"), cases[i].text);
        pf_arena_fini(&arena);
        free(shared);
    }
}
