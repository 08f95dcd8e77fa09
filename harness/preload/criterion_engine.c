/*
 * Criterion's own runner, driven for the runner: its logger's calls become messages.
 *
 * One job at a time, so that what a worker prints belongs to the test between start and end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <criterion/options.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/preload/preload.h"

/* Weak: tools that start the binary load us, too, and have no libcriterion. */
#pragma weak criterion_options

static uint32_t current;

static void send_event(struct hn_wire_native *event, const char *text)
{
    static char packet[HN_WIRE_PACKET_MAX];
    size_t size = text ? strnlen(text, HN_WIRE_TEXT_MAX) : 0;

    event->type = HN_WIRE_NATIVE;
    event->test = current;
    event->pid = hn_preload.native->pid;
    event->phase = hn_preload.native->phase;
    memcpy(packet, event, sizeof *event);
    if (text)
        memcpy(packet + offsetof(struct hn_wire_native, text), text, size);
    packet[offsetof(struct hn_wire_native, text) + size] = '\0';
    hn_control_send(packet, offsetof(struct hn_wire_native, text) + size + 1);
}

static void send_record(enum hn_record_kind kind, uint32_t line, const char *text)
{
    struct hn_wire_native event = {.event = HN_NATIVE_RECORD, .kind = (uint32_t)kind, .line = line};

    send_event(&event, text);
}

/* Criterion does not count those of its newer interface that pass. */
static uint64_t asserts_of(const struct criterion_test_stats *stats)
{
    uint64_t counted = (uint64_t)stats->passed_asserts + (uint64_t)stats->failed_asserts;

    return counted > hn_preload.native->asserts ? counted : hn_preload.native->asserts;
}

static void send_stats(enum hn_native_event kind, const struct criterion_test_stats *stats)
{
    struct hn_wire_native event = {
        .event = (uint32_t)kind,
        .status = (uint32_t)stats->test_status,
        .signal = stats->signal,
        .exit_code = stats->exit_code,
        .asserts = asserts_of(stats),
        .seconds = (double)stats->elapsed_time,
    };

    send_event(&event, stats->message);
}

/* What the test before left behind is cleared away first. */
static void await_leave(void)
{
    char byte;
    ssize_t got;

    do
        got = recv(hn_preload.control_fd, &byte, sizeof byte, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        _exit(3);
}

static void on_pre_init(struct criterion_suite *suite, struct criterion_test *test)
{
    struct hn_wire_native event = {.event = HN_NATIVE_START};

    if (test->data->disabled || (suite->data && suite->data->disabled))
        return;
    for (uint32_t i = 0; i < hn_preload.item_count; i++)
        if (hn_preload.items[i].test == test)
            current = i;
    send_event(&event, NULL);
    await_leave();
}

/* "FILE\x1fMESSAGE": the text travels as one string. */
static void on_assert(struct criterion_assert_stats *stats)
{
    char text[HN_WIRE_TEXT_MAX / 2];

    if (stats->passed)
        return;
    (void)snprintf(text, sizeof text, "%s\x1f%s", stats->file,
                   stats->message && *stats->message ? stats->message : "assertion failed");
    send_record(HN_RECORD_FAILURE, stats->line, text);
}

static void on_theory(struct criterion_theory_stats *stats)
{
    send_record(HN_RECORD_THEORY, 0, stats->formatted_args);
}

static void on_timeout(struct criterion_test_stats *stats)
{
    send_stats(HN_NATIVE_TIMEOUT, stats);
}

static void on_crash(struct criterion_test_stats *stats)
{
    send_stats(HN_NATIVE_CRASH, stats);
}

static void on_abort(struct criterion_test_stats *stats, const char *text)
{
    (void)stats;
    send_record(HN_RECORD_ERROR, 0, text);
}

static void on_other_crash(struct criterion_test_stats *stats)
{
    (void)stats;
    send_record(HN_RECORD_ERROR, 0, "crashed outside its body (fixture or exit)");
}

static void on_abnormal_exit(struct criterion_test_stats *stats)
{
    (void)stats;
    send_record(HN_RECORD_ERROR, 0, "exited in a fixture");
}

static void on_post_test(struct criterion_test_stats *stats)
{
    send_stats(HN_NATIVE_POST, stats);
}

static void on_post_fini(struct criterion_test_stats *stats)
{
    send_stats(HN_NATIVE_END, stats);
}

static void on_message(enum criterion_severity severity, const char *text)
{
    if (severity == CR_LOG_ERROR)
        send_record(HN_RECORD_ERROR, 0, text);
    else
        send_record(severity == CR_LOG_WARNING ? HN_RECORD_WARNING : HN_RECORD_NOTE, 0, text);
}

static void on_sub(struct criterion_assert_stats *stats, const char *repr, const char *message)
{
    (void)stats;
    send_record(HN_RECORD_NOTE, 0, message && *message ? message : repr);
}

static struct criterion_logger logger = {
    .log_pre_init = on_pre_init,
    .log_assert = on_assert,
    .log_theory_fail = on_theory,
    .log_test_timeout = on_timeout,
    .log_test_crash = on_crash,
    .log_test_abort = on_abort,
    .log_other_crash = on_other_crash,
    .log_abnormal_exit = on_abnormal_exit,
    .log_post_test = on_post_test,
    .log_post_fini = on_post_fini,
    .log_message = on_message,
    .log_assert_sub = on_sub,
};

int hn_native_run(struct criterion_test_set *set)
{
    int (*real)(struct criterion_test_set *);

    *(void **)&real = hn_real("criterion_run_all_tests");
    hn_tests_list(set);
    const char *selection = getenv(HN_WIRE_SELECT_ENV);
    if (selection) {
        hn_native_select(selection);
        (void)unsetenv(HN_WIRE_SELECT_ENV);
        hn_worker_page_open();
        criterion_options.logger = &logger;
        criterion_options.jobs = 1;
        (void)real(set);
    }
    return 1;
}
