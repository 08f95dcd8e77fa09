/* SPDX-License-Identifier: MIT */
#include "harness/runner/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/preload/wire.h"
#include "harness/runner/sanitizer_text.h"
#include "harness/runner/wire_read.h"

struct judge {
    struct hn_attempt *attempt;
    struct pf_arena *arena;
    const struct hn_test *test;
    const struct hn_binary *binary;
    const struct hn_observed *seen;
    const struct hn_shared *shared;
    const struct hn_policy *policy;
};

const char *hn_signal_name(int signal_number)
{
    static char text[32];
    const char *name = sigabbrev_np(signal_number);

    if (name)
        (void)snprintf(text, sizeof text, "SIG%s", name);
    else
        (void)snprintf(text, sizeof text, "signal %d", signal_number);
    return text;
}

/* The graver finding wins, and brings its reason. */
static void raise_to(struct judge *judge, enum hn_status status, const char *reason)
{
    if (status <= judge->attempt->status)
        return;
    judge->attempt->status = status;
    judge->attempt->reason = reason;
}

static void say(struct judge *judge, enum hn_message_kind kind, const char *text)
{
    hn_attempt_say(judge->attempt, judge->arena, kind, NULL, 0, text);
}

static void take_failure(struct judge *judge, const struct hn_record_view *record)
{
    const char *file = record->text;
    size_t file_size = strnlen(file, record->size);
    const char *text = file_size < record->size ? file + file_size + 1 : "assertion failed";

    hn_attempt_say(judge->attempt, judge->arena, HN_MESSAGE_FAILURE, file, record->line, text);
    raise_to(judge, HN_FAIL, "assertion failed");
}

static void take_error(struct judge *judge, const char *text)
{
    say(judge, HN_MESSAGE_ERROR, text);
    raise_to(judge, HN_FAIL, pf_arena_text(judge->arena, text, strcspn(text, "\n")));
}

static void take_theory(struct judge *judge, const char *arguments)
{
    say(judge, HN_MESSAGE_FAILURE, hn_text(judge->arena, "theory fails for (%s)", arguments));
    raise_to(judge, HN_FAIL, "a theory's data points fail");
}

/* "ERRORS BYTES" as counted by memcheck, helgrind or drd in the test's process. */
static void take_memcheck(struct judge *judge, const char *text)
{
    char *end = NULL;
    unsigned long errors = strtoul(text, &end, 10);
    unsigned long bytes = strtoul(end, NULL, 10);

    if (errors)
        raise_to(
            judge, HN_SANITIZER,
            hn_text(judge->arena, "valgrind found %lu error%s", errors, errors == 1 ? "" : "s"));
    if (bytes) {
        hn_attempt_leak(judge->attempt, judge->arena, "definite", bytes, "see the tool's report");
        raise_to(judge, HN_LEAK, hn_text(judge->arena, "%lu bytes definitely lost", bytes));
    }
}

static void take_open(struct judge *judge, const struct hn_record_view *record)
{
    bool is_socket = record->kind == HN_RECORD_SOCKET;
    const char *kind = is_socket ? "socket" : "fd";

    hn_attempt_leak(judge->attempt, judge->arena, kind, 0, record->text);
    if (is_socket && !judge->policy->left_over_is_fine)
        raise_to(judge, HN_LEFT_OVER, hn_text(judge->arena, "left open: %s", record->text));
    else if (judge->policy->leaks_are_red)
        raise_to(judge, HN_LEAK, hn_text(judge->arena, "left open: %s", record->text));
}

static void take_record(struct judge *judge, const struct hn_record_view *record)
{
    switch ((enum hn_record_kind)record->kind) {
    case HN_RECORD_FAILURE:
        take_failure(judge, record);
        break;
    case HN_RECORD_ERROR:
        take_error(judge, record->text);
        break;
    case HN_RECORD_WARNING:
        say(judge, HN_MESSAGE_WARNING, record->text);
        break;
    case HN_RECORD_NOTE:
        say(judge, HN_MESSAGE_NOTE, record->text);
        break;
    case HN_RECORD_SKIP:
        judge->attempt->reason = pf_arena_text(judge->arena, record->text, record->size);
        break;
    case HN_RECORD_THEORY:
        take_theory(judge, record->text);
        break;
    case HN_RECORD_PROCESS:
        hn_attempt_leak(judge->attempt, judge->arena, "process", 0, record->text);
        break;
    case HN_RECORD_FD:
    case HN_RECORD_SOCKET:
        take_open(judge, record);
        break;
    case HN_RECORD_MEMCHECK:
        take_memcheck(judge, record->text);
        break;
    case HN_RECORD_NEEDS:
    case HN_RECORD_BUDGET:
    case HN_RECORD_SNAPSHOT:
        break;
    }
}

static const char *phase_name(uint32_t phase)
{
    switch (phase) {
    case HN_PHASE_NONE:
        return "before its fixture";
    case HN_PHASE_SETUP:
        return "in its .init fixture";
    case HN_PHASE_MAIN:
        return "in its body";
    case HN_PHASE_TEARDOWN:
        return "in its .fini fixture";
    default:
        return "in an exit handler";
    }
}

/* The kernel names none for what it sent for another reason (SI_KERNEL), and other processes don't.
 */
static bool has_address(const struct hn_shared *shared)
{
    return shared->crash == HN_CRASH_PARKED && shared->crash_code > 0
           && shared->crash_code != SI_KERNEL
           && (shared->crash_signal == SIGSEGV || shared->crash_signal == SIGBUS
               || shared->crash_signal == SIGFPE || shared->crash_signal == SIGILL);
}

static void judge_signal(struct judge *judge, int signal_number)
{
    const struct hn_shared *shared = judge->shared;
    const char *name = hn_signal_name(signal_number);

    judge->attempt->signal = signal_number;
    if (shared->phase == HN_PHASE_MAIN && signal_number == judge->test->signal)
        return; /* what the test declared */
    if (shared->overflowed)
        raise_to(judge, HN_CRASH,
                 hn_text(judge->arena, "%s: stack overflow, %s", name, phase_name(shared->phase)));
    else if (shared->jumped)
        raise_to(judge, HN_CRASH,
                 hn_text(judge->arena, "%s: called or jumped to 0x%llx, where no code is, %s", name,
                         (unsigned long long)shared->crash_addr, phase_name(shared->phase)));
    else if (has_address(shared))
        raise_to(judge, HN_CRASH,
                 hn_text(judge->arena, "%s at address 0x%llx%s, %s", name,
                         (unsigned long long)shared->crash_addr,
                         shared->crash_addr ? "" : " (NULL)", phase_name(shared->phase)));
    else
        raise_to(judge, HN_CRASH, hn_text(judge->arena, "%s %s", name, phase_name(shared->phase)));
}

static const char *early_exit_text(struct judge *judge, int code)
{
    const char *where = phase_name(judge->shared->phase);

    switch ((enum hn_ending)judge->shared->ending) {
    case HN_ENDING_EXIT:
        return hn_text(judge->arena, "called exit(%d) %s", code, where);
    case HN_ENDING_EXIT_IN_THREAD:
        return hn_text(judge->arena, "another of its threads called exit(%d) %s", code, where);
    case HN_ENDING_THREAD:
        return hn_text(judge->arena, "its thread ended by pthread_exit() %s", where);
    case HN_ENDING_UNKNOWN:
        break;
    }
    if (judge->seen->has_execed)
        return hn_text(judge->arena,
                       "became another program by exec %s, which ended with status %d", where,
                       code);
    return hn_text(judge->arena, "called _exit(%d) or quick_exit(%d) %s", code, code, where);
}

static void judge_early_exit(struct judge *judge, int code)
{
    if (judge->shared->phase == HN_PHASE_MAIN && code == judge->test->exit_code
        && (code != 0 || judge->policy->exit_is_fine))
        return;
    if (judge->test->exit_code && judge->shared->phase == HN_PHASE_MAIN)
        raise_to(
            judge, HN_FAIL,
            hn_text(judge->arena, "exit status %d, expected %d", code, judge->test->exit_code));
    else
        raise_to(judge, HN_EXIT, early_exit_text(judge, code));
}

/* It came to its end; did it promise another? */
static void judge_normal_end(struct judge *judge, int code)
{
    if (judge->test->signal)
        raise_to(judge, HN_FAIL,
                 hn_text(judge->arena, "expected to die of %s, but ended normally",
                         hn_signal_name(judge->test->signal)));
    else if (judge->test->exit_code)
        raise_to(judge, HN_FAIL,
                 hn_text(judge->arena, "expected exit status %d, but ended normally",
                         judge->test->exit_code));
    else if (code != 0)
        raise_to(judge, HN_EXIT,
                 hn_text(judge->arena, "exit status %d after its end, from an exit handler", code));
}

static void judge_exit(struct judge *judge, int code)
{
    judge->attempt->exit_code = code;
    switch ((enum hn_wire_phase)judge->shared->phase) {
    case HN_PHASE_SKIPPED:
        if (judge->attempt->status == HN_PASS)
            judge->attempt->status = HN_SKIP;
        break;
    case HN_PHASE_ABORTED:
        raise_to(judge, HN_FAIL, "ended early");
        break;
    case HN_PHASE_DONE:
        judge_normal_end(judge, code);
        break;
    default:
        judge_early_exit(judge, code);
        break;
    }
}

/* "0.5 s", "30 s (1 s, times 30 for what slows it)" */
static const char *limit_text(struct judge *judge)
{
    double limit_s = judge->seen->limit_s, factor = judge->seen->limit_factor;

    if (factor > 1)
        return hn_text(judge->arena, "%g s (%g s, times %g for what slows it)", limit_s,
                       limit_s / factor, factor);
    return hn_text(judge->arena, "%g s", limit_s);
}

static void judge_time(struct judge *judge)
{
    const char *limit = limit_text(judge);

    if (judge->seen->was_idle)
        raise_to(judge, HN_HANG,
                 hn_text(judge->arena, "hung: over its time limit of %s, and idle for half of it",
                         limit));
    else
        raise_to(judge, HN_TIMEOUT, hn_text(judge->arena, "over its time limit of %s", limit));
}

static void judge_output(struct judge *judge)
{
    struct hn_tool_finding found;

    if (!hn_tool_finding_in(judge->attempt->err, judge->binary->has_ubsan, &found))
        return;
    raise_to(judge, found.is_leak ? HN_LEAK : HN_SANITIZER,
             pf_arena_text(judge->arena, found.headline, found.headline_size));
    if (found.is_leak)
        hn_attempt_leak(judge->attempt, judge->arena, "definite", found.bytes,
                        "reported by LeakSanitizer");
}

static void judge_processes(struct judge *judge)
{
    if (judge->seen->left_over && !judge->seen->timed_out && !judge->policy->left_over_is_fine)
        raise_to(judge, HN_LEFT_OVER,
                 hn_text(judge->arena, "left %u process%s behind (killed)", judge->seen->left_over,
                         judge->seen->left_over == 1 ? "" : "es"));
}

static void judge_end(struct judge *judge)
{
    int status = judge->seen->wait_status;

    if (judge->seen->timed_out)
        judge_time(judge);
    else if (judge->seen->lane_stuck)
        raise_to(
            judge, HN_ERROR,
            "its end was never told: what comes after a test (a report hook, clearing away what "
            "it left) hung, and was killed");
    else if (judge->seen->lane_lost)
        raise_to(judge, HN_ERROR, "the test killed the process that watches over it");
    else if (WIFSIGNALED(status))
        judge_signal(judge, WTERMSIG(status));
    else if (WIFEXITED(status))
        judge_exit(judge, WEXITSTATUS(status));
}

void hn_verdict(struct hn_attempt *attempt, struct pf_arena *arena, const struct hn_test *test,
                const struct hn_binary *binary, const struct hn_observed *seen,
                const struct hn_shared *shared, const struct hn_policy *policy)
{
    struct judge judge = {attempt, arena, test, binary, seen, shared, policy};
    struct hn_record_view record;
    uint32_t at = 0;

    attempt->status = HN_PASS;
    attempt->reason = "";
    attempt->duration_s = (double)seen->duration_ns / 1e9;
    attempt->cpu_us = seen->user_us + seen->system_us;
    attempt->peak_kib = seen->peak_kib;
    attempt->pid = seen->pid;
    attempt->asserts = shared->asserts;
    while (hn_wire_next_record(shared, &at, &record))
        take_record(&judge, &record);
    if (shared->dropped)
        say(&judge, HN_MESSAGE_NOTE,
            hn_text(arena, "%u further messages did not fit", shared->dropped));
    if (shared->failures && attempt->status == HN_PASS)
        raise_to(&judge, HN_FAIL, "assertion failed");
    judge_end(&judge);
    judge_output(&judge);
    judge_processes(&judge);
    attempt->asserted_nothing =
        attempt->status == HN_PASS && !attempt->asserts && !test->signal && !test->exit_code
        && !(test->torture && *test->torture); /* which is judged by what it survives */
}
