/* SPDX-License-Identifier: MIT */
#include "harness/runner/criterion_run.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/preload/wire.h"
#include "harness/runner/suite_process.h"
#include "harness/runner/verdict.h"
#include "harness/runner/wire_read.h"
#include "profiler/base/clock.h"

enum { CRITERION_FAILED = 1, CRITERION_SKIPPED = 2, PATIENCE_S = 30 };

struct native {
    struct hn_plan *plan;
    const struct hn_schedule *schedule;
    struct hn_suite suite;
    uint32_t binary;
    struct hn_test *test; /* running now, NULL none or one that was not chosen */
    struct hn_attempt *attempt;
    uint32_t last_index, last_case;
    uint64_t start_ns;
    bool stop;
};

static struct hn_test *find_test(struct native *native, uint32_t index, uint32_t param)
{
    for (uint32_t i = 0; i < native->plan->test_count; i++) {
        struct hn_test *test = &native->plan->tests[i];
        if (test->binary == native->binary && test->index == index && test->chosen
            && (test->param == HN_NO_CASE || test->param == param))
            return test;
    }
    return NULL;
}

static void worsen(struct hn_attempt *attempt, enum hn_status status, const char *reason)
{
    if (status <= attempt->status)
        return;
    attempt->status = status;
    attempt->reason = reason;
}

static void finish(struct native *native)
{
    struct hn_attempt *attempt = native->attempt;

    if (!native->test)
        return;
    (void)hn_capture_drain(&native->suite.output, native->suite.output_fd);
    attempt->out = hn_capture_text(&native->suite.output, &native->plan->arena);
    attempt->duration_s = attempt->duration_s > 0
                              ? attempt->duration_s
                              : (double)(pf_clock_now_ns() - native->start_ns) / 1e9;
    native->test->attempts = attempt;
    native->test->status = attempt->status;
    for (const struct hn_listener *to = native->schedule->listener; to; to = to->next)
        if (to->on_end)
            to->on_end(to->self, native->test, attempt, 1);
    native->stop |= native->schedule->fail_fast && hn_status_is_red(attempt->status);
    native->test = NULL;
}

static void start(struct native *native, uint32_t index)
{
    finish(native);
    native->last_case = index == native->last_index ? native->last_case + 1 : 0;
    native->last_index = index;
    native->test = find_test(native, index, native->last_case);
    native->start_ns = pf_clock_now_ns();
    hn_capture_reset(&native->suite.output);
    if (!native->test)
        return;
    native->attempt = pf_arena_alloc(&native->plan->arena, sizeof *native->attempt);
    native->attempt->status = HN_PASS;
    native->attempt->reason = "";
    for (const struct hn_listener *to = native->schedule->listener; to; to = to->next)
        if (to->on_start)
            to->on_start(to->self, native->test, 1);
}

static void take_record(struct native *native, const struct hn_wire_native *event, char *text)
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
        worsen(attempt, HN_FAIL, "assertion failed");
        break;
    case HN_RECORD_THEORY:
        hn_attempt_say(attempt, arena, HN_MESSAGE_FAILURE, "", 0,
                       hn_text(arena, "theory fails for (%s)", text));
        worsen(attempt, HN_FAIL, "a theory's data points fail");
        break;
    case HN_RECORD_ERROR:
        hn_attempt_say(attempt, arena, HN_MESSAGE_ERROR, "", 0, text);
        worsen(attempt, HN_FAIL, hn_text(arena, "%s", text));
        break;
    default:
        hn_attempt_say(attempt, arena,
                       event->kind == HN_RECORD_WARNING ? HN_MESSAGE_WARNING : HN_MESSAGE_NOTE, "",
                       0, text);
        break;
    }
}

static void take_status(struct native *native, const struct hn_wire_native *event, const char *text)
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
        worsen(attempt, HN_FAIL, hn_text(arena, "did not die of %s", hn_signal_name(test->signal)));
    } else if (event->status == CRITERION_FAILED) {
        worsen(attempt, HN_FAIL,
               hn_text(arena, "exit status %d, expected %d", event->exit_code, test->exit_code));
    }
}

/* Its worker may still print what it had buffered: it is over when the next one starts. */
static void take_end(struct native *native, const struct hn_wire_native *event)
{
    struct pf_arena *arena = &native->plan->arena;

    if (event->event == HN_NATIVE_CRASH) {
        native->attempt->signal = event->signal;
        worsen(native->attempt, HN_CRASH,
               hn_text(arena, "%s in its body", hn_signal_name(event->signal)));
    } else if (event->event == HN_NATIVE_TIMEOUT) {
        worsen(native->attempt, HN_TIMEOUT,
               hn_text(arena, "over its time limit of %g s", native->test->timeout_s));
    }
}

static void take_event(struct native *native, char *packet, size_t size)
{
    struct hn_wire_native event;
    char *text;

    if (!hn_wire_read_native(packet, size, &event, &text))
        return;
    if (event.event == HN_NATIVE_START)
        start(native, event.test);
    if (!native->test)
        return;
    if (event.event == HN_NATIVE_RECORD)
        take_record(native, &event, text);
    else if (event.event == HN_NATIVE_POST || event.event == HN_NATIVE_END)
        take_status(native, &event, text);
    if (event.event == HN_NATIVE_END || event.event == HN_NATIVE_CRASH
        || event.event == HN_NATIVE_TIMEOUT)
        take_end(native, &event);
}

/* False when the binary's runner is through, or says nothing for too long. */
static bool take_packet(struct native *native)
{
    static char packet[HN_WIRE_PACKET_MAX];
    struct pollfd ready[2] = {{native->suite.control_fd, POLLIN, 0},
                              {native->suite.output_fd, POLLIN, 0}};
    double patience_s =
        PATIENCE_S
        + (native->test && native->test->timeout_s > 0 ? native->test->timeout_s
                                                       : native->schedule->timeout_s);

    int count = poll(ready, 2, (int)(patience_s * 1000));
    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0) {
        if (native->test)
            worsen(native->attempt, HN_TIMEOUT, "Criterion's runner says nothing any more");
        return false;
    }
    if (ready[1].revents & POLLIN)
        (void)hn_capture_drain(&native->suite.output, native->suite.output_fd);
    if (!ready[0].revents)
        return true;
    ssize_t got = recv(native->suite.control_fd, packet, sizeof packet, 0);
    if (got <= 0)
        return got < 0 && errno == EINTR;
    if (hn_wire_type(packet, (size_t)got) == HN_WIRE_NATIVE)
        take_event(native, packet, (size_t)got);
    return !native->stop;
}

/* "0 3 4": the tests of this binary that were chosen. */
static unsigned select_text(const struct hn_plan *plan, uint32_t binary, struct pf_buf *out)
{
    uint32_t last = UINT32_MAX;
    unsigned count = 0;

    for (uint32_t i = 0; i < plan->test_count; i++) {
        const struct hn_test *test = &plan->tests[i];
        if (test->binary != binary || !test->chosen || test->index == last
            || (test->flags & HN_WIRE_DISABLED))
            continue;
        pf_buf_printf(out, "%u ", test->index);
        last = test->index;
        count++;
    }
    return count;
}

static void skip_disabled(struct native *native)
{
    for (uint32_t i = 0; i < native->plan->test_count; i++) {
        struct hn_test *test = &native->plan->tests[i];
        if (test->binary != native->binary || !test->chosen || !(test->flags & HN_WIRE_DISABLED))
            continue;
        native->test = test;
        native->attempt = pf_arena_alloc(&native->plan->arena, sizeof *native->attempt);
        native->attempt->status = HN_SKIP;
        native->attempt->reason = "disabled in its declaration";
        hn_capture_reset(&native->suite.output);
        finish(native);
    }
}

static bool run_binary(struct native *native, const char *preload, struct pf_err *err)
{
    struct pf_buf select = {0};
    unsigned count = select_text(native->plan, native->binary, &select);
    struct hn_suite_spec spec = {
        .binary = &native->plan->binaries[native->binary],
        .preload = preload,
        .engine = "criterion",
        .select = pf_buf_cstr(&select),
    };
    bool ok = true;

    native->last_index = UINT32_MAX;
    native->test = NULL;
    skip_disabled(native);
    if (count) {
        ok = hn_suite_start(&native->suite, &spec, err);
        while (ok && take_packet(native))
            ;
        finish(native);
        hn_suite_stop(&native->suite);
    }
    pf_buf_fini(&select);
    return ok;
}

bool hn_criterion_run(struct hn_plan *plan, const char *preload, const struct hn_schedule *schedule,
                      struct hn_tally *tally, struct pf_err *err)
{
    struct native native = {.plan = plan, .schedule = schedule};
    uint64_t start_ns = pf_clock_now_ns();
    bool ok = true;

    *tally = (struct hn_tally){0};
    for (uint32_t i = 0; ok && !native.stop && i < plan->binary_count; i++) {
        native.binary = i;
        if (plan->binaries[i].kind == HN_BINARY_CRITERION)
            ok = run_binary(&native, preload, err);
    }
    hn_tally_count(plan, tally);
    tally->seconds = (double)(pf_clock_now_ns() - start_ns) / 1e9;
    return ok;
}
