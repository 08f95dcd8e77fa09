/*
 * What Criterion's own runner says of a test becomes an attempt and its verdict.
 *
 * Criterion calls some things a pass that are none: exit(0) in the middle of a test, a sanitizer's
 * report at its end, processes left behind. They are judged here as far as they can be seen from
 * outside.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/preload/wire.h"
#include "harness/runner/criterion_priv.h"
#include "harness/runner/orphans.h"
#include "harness/runner/sanitizer_text.h"
#include "harness/runner/wire_read.h"
#include "profiler/base/clock.h"

enum { CRITERION_PASSED, CRITERION_FAILED, CRITERION_SKIPPED };
enum { CRITERION_GRACE_S = 2 };

static struct hn_test *find_test(struct hn_native *native, uint32_t index, uint32_t param)
{
    for (uint32_t i = 0; i < native->plan->test_count; i++) {
        struct hn_test *test = &native->plan->tests[i];
        if (test->binary == native->binary && test->index == index && test->chosen
            && !test->attempts && (test->param == HN_NO_CASE || test->param == param))
            return test;
    }
    return NULL;
}

void hn_native_worsen(struct hn_attempt *attempt, enum hn_status status, const char *reason)
{
    if (status <= attempt->status)
        return;
    attempt->status = status;
    attempt->reason = reason;
}

static void tell_end(struct hn_native *native)
{
    for (const struct hn_listener *to = native->schedule->listener; to; to = to->next)
        if (to->on_end)
            to->on_end(to->self, native->test, native->attempt, 1);
}

static void tell_start(struct hn_native *native)
{
    for (const struct hn_listener *to = native->schedule->listener; to; to = to->next)
        if (to->on_start)
            to->on_start(to->self, native->test, 1);
}

static void judge_output(struct hn_native *native)
{
    struct hn_attempt *attempt = native->attempt;
    const struct hn_binary *binary = &native->plan->binaries[native->binary];
    struct pf_arena *arena = &native->plan->arena;
    struct hn_tool_finding found;

    if (!hn_tool_finding_in(attempt->out, binary->has_ubsan, &found))
        return;
    hn_native_worsen(attempt, found.is_leak ? HN_LEAK : HN_SANITIZER,
                     pf_arena_text(arena, found.headline, found.headline_size));
    if (found.is_leak)
        hn_attempt_leak(attempt, arena, "definite", found.bytes, "reported by LeakSanitizer");
}

/* Lines of "PID COMMAND". */
static void judge_orphans(struct hn_native *native, const char *names, unsigned count)
{
    struct hn_attempt *attempt = native->attempt;
    struct pf_arena *arena = &native->plan->arena;

    if (!count || attempt->status == HN_TIMEOUT)
        return;
    for (; *names; names += strcspn(names, "\n") + 1)
        hn_attempt_leak(attempt, arena, "process", 0,
                        pf_arena_text(arena, names, strcspn(names, "\n")));
    if (!native->schedule->policy.left_over_is_fine)
        hn_native_worsen(
            attempt, HN_LEFT_OVER,
            hn_text(arena, "left %u process%s behind (killed)", count, count == 1 ? "" : "es"));
}

/* Clears away what an unchosen test left, too. */
static void sweep(struct hn_native *native)
{
    struct pf_buf names = {0};
    unsigned count = hn_orphans_take(native->suite.child.pid, &names);

    if (native->test)
        judge_orphans(native, pf_buf_cstr(&names), count);
    pf_buf_fini(&names);
}

void hn_native_finish(struct hn_native *native)
{
    struct hn_attempt *attempt = native->attempt;
    struct hn_test *test = native->test;

    sweep(native);
    if (!test)
        return;
    (void)hn_capture_drain(&native->suite.output, native->suite.output_fd);
    attempt->out = hn_capture_text(&native->suite.output, &native->plan->arena);
    judge_output(native);
    if (attempt->duration_s <= 0)
        attempt->duration_s = (double)(pf_clock_now_ns() - native->start_ns) / 1e9;
    attempt->asserted_nothing =
        attempt->status == HN_PASS && !attempt->asserts && !test->signal && !test->exit_code;
    test->attempts = attempt;
    test->status = attempt->status;
    tell_end(native);
    native->stop |= native->schedule->fail_fast && hn_status_is_red(attempt->status);
    native->test = NULL;
}

void hn_native_conclude(struct hn_native *native, struct hn_test *test, enum hn_status status,
                        const char *reason)
{
    native->test = test;
    native->attempt = pf_arena_alloc(&native->plan->arena, sizeof *native->attempt);
    native->attempt->status = status;
    native->attempt->reason = reason;
    tell_start(native);
    test->attempts = native->attempt;
    test->status = status;
    tell_end(native);
    native->stop |= native->schedule->fail_fast && hn_status_is_red(status);
    native->test = NULL;
}

/* Criterion kills at a test's own limit, a little later we do; it knows no other limit. */
static uint64_t deadline_of(const struct hn_native *native)
{
    const struct hn_schedule *schedule = native->schedule;
    double factor = schedule->time_factor > 0 ? schedule->time_factor : 1;
    double limit_s = schedule->timeout_s * factor;

    if (native->test && native->test->timeout_s > 0)
        limit_s = native->test->timeout_s + CRITERION_GRACE_S;
    return limit_s > 0 ? native->start_ns + (uint64_t)(limit_s * 1e9) : UINT64_MAX;
}

static uint32_t next_case(const struct hn_native *native, uint32_t index)
{
    if (index == native->last_index)
        return native->last_case + 1;
    return index == native->resume_index ? native->resume_case : 0;
}

static void start(struct hn_native *native, uint32_t index)
{
    hn_native_finish(native);
    if (native->stop)
        return;
    native->last_case = next_case(native, index);
    native->last_index = index;
    native->test = find_test(native, index, native->last_case);
    native->has_ended = false;
    native->worker = 0;
    native->start_ns = pf_clock_now_ns();
    native->deadline_ns = deadline_of(native);
    hn_capture_reset(&native->suite.output);
    if (native->test) {
        native->attempt = pf_arena_alloc(&native->plan->arena, sizeof *native->attempt);
        native->attempt->status = HN_PASS;
        native->attempt->reason = "";
        tell_start(native);
    }
    (void)send(native->suite.control_fd, "", 1, MSG_NOSIGNAL);
}

static void take_record(struct hn_native *native, const struct hn_wire_native *event, char *text)
{
    struct hn_attempt *attempt = native->attempt;
    struct pf_arena *arena = &native->plan->arena;
    char *split = strchr(text, '\x1f');

    switch ((enum hn_record_kind)event->kind) {
    case HN_RECORD_FAILURE:
        if (split)
            *split = '\0';
        hn_attempt_say(attempt, arena, HN_MESSAGE_FAILURE, split ? text : "", event->line,
                       split ? split + 1 : text);
        hn_native_worsen(attempt, HN_FAIL, "assertion failed");
        break;
    case HN_RECORD_THEORY:
        hn_attempt_say(attempt, arena, HN_MESSAGE_FAILURE, "", 0,
                       hn_text(arena, "theory fails for (%s)", text));
        hn_native_worsen(attempt, HN_FAIL, "a theory's data points fail");
        break;
    case HN_RECORD_ERROR:
        hn_attempt_say(attempt, arena, HN_MESSAGE_ERROR, "", 0, text);
        hn_native_worsen(attempt, HN_FAIL, hn_text(arena, "%s", text));
        break;
    default:
        hn_attempt_say(attempt, arena,
                       event->kind == HN_RECORD_WARNING ? HN_MESSAGE_WARNING : HN_MESSAGE_NOTE, "",
                       0, text);
        break;
    }
}

/* Criterion takes an exit(0) for a pass wherever it comes. */
static bool has_exited(const struct hn_native *native, const struct hn_wire_native *event)
{
    return event->status == CRITERION_PASSED && event->phase == HN_PHASE_MAIN
           && !native->test->signal && !native->test->exit_code
           && !native->schedule->policy.exit_is_fine;
}

static void take_status(struct hn_native *native, const struct hn_wire_native *event,
                        const char *text)
{
    struct hn_attempt *attempt = native->attempt;
    const struct hn_test *test = native->test;
    struct pf_arena *arena = &native->plan->arena;

    attempt->asserts = event->asserts;
    attempt->exit_code = event->exit_code;
    attempt->duration_s = isfinite(event->seconds) ? event->seconds : 0;
    if (event->status == CRITERION_SKIPPED && attempt->status == HN_PASS) {
        attempt->status = HN_SKIP;
        attempt->reason = hn_text(arena, "%s", text);
    } else if (event->status == CRITERION_FAILED && test->signal) {
        hn_native_worsen(attempt, HN_FAIL,
                         hn_text(arena, "did not die of %s", hn_signal_name(test->signal)));
    } else if (event->status == CRITERION_FAILED) {
        hn_native_worsen(
            attempt, HN_FAIL,
            hn_text(arena, "exit status %d, expected %d", event->exit_code, test->exit_code));
    } else if (event->event == HN_NATIVE_END && has_exited(native, event)) {
        hn_native_worsen(attempt, HN_EXIT, "called exit(0) in its body");
    }
}

/* Its worker may still print what it had buffered: it is over when the next one starts. */
static void take_end(struct hn_native *native, const struct hn_wire_native *event)
{
    struct pf_arena *arena = &native->plan->arena;

    if (event->event == HN_NATIVE_CRASH) {
        native->attempt->signal = event->signal;
        hn_native_worsen(native->attempt, HN_CRASH,
                         hn_text(arena, "%s in its body", hn_signal_name(event->signal)));
    } else if (event->event == HN_NATIVE_TIMEOUT) {
        hn_native_worsen(native->attempt, HN_TIMEOUT,
                         hn_text(arena, "over its time limit of %g s", native->test->timeout_s));
    }
}

static bool is_end(const struct hn_wire_native *event)
{
    return event->event == HN_NATIVE_END || event->event == HN_NATIVE_CRASH
           || event->event == HN_NATIVE_TIMEOUT;
}

void hn_native_take(struct hn_native *native, char *packet, size_t size)
{
    struct hn_wire_native event;
    char *text;

    if (hn_wire_type(packet, size) != HN_WIRE_NATIVE
        || !hn_wire_read_native(packet, size, &event, &text))
        return;
    if (event.event == HN_NATIVE_START)
        start(native, event.test);
    native->worker = event.pid;
    if (is_end(&event)) {
        native->has_ended = true;
        native->deadline_ns = pf_clock_now_ns() + (uint64_t)HN_NATIVE_PATIENCE_S * 1000000000u;
    }
    if (!native->test)
        return;
    if (event.event == HN_NATIVE_RECORD)
        take_record(native, &event, text);
    else if (event.event == HN_NATIVE_POST || event.event == HN_NATIVE_END)
        take_status(native, &event, text);
    if (is_end(&event))
        take_end(native, &event);
}
