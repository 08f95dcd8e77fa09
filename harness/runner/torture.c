/* SPDX-License-Identifier: MIT */
#include "harness/runner/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOG_MAX = 64 * 1024, CALLS_MAX = 10000 };

void hn_torture_reset(int *fd)
{
    if (*fd <= 0)
        *fd = memfd_create("assay-torture", MFD_CLOEXEC);
    else
        (void)!ftruncate(*fd, 0);
}

/* "failed N FUNCTION ERRNO CALLER", "calls N", "unwrapped NAME" */
static void read_line(struct hn_torture_log *out, const char *line)
{
    unsigned long number = 0;
    char function[64], error[32], caller[64];

    if (sscanf(line, "unwrapped %63s", function) == 1) {
        size_t used = strlen(out->unwrapped);
        (void)snprintf(out->unwrapped + used, sizeof out->unwrapped - used, "%s%s",
                       used ? ", " : "", function);
    } else if (sscanf(line, "calls %lu", &number) == 1) {
        out->has_calls = true;
        out->calls = number;
    } else if (sscanf(line, "failed %lu %63s %31s %63[^\n]", &number, function, error, caller)
               == 4) {
        out->has_failed = true;
        (void)snprintf(out->failed, sizeof out->failed, "%s (%s), called from %s", function, error,
                       caller);
    }
}

void hn_torture_read(struct hn_torture_log *out, const char *text)
{
    *out = (struct hn_torture_log){0};
    while (*text) {
        read_line(out, text);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}

static void judge_count(struct hn_attempt *attempt, struct pf_arena *arena,
                        const struct hn_test *test, const struct hn_torture_log *log)
{
    if (attempt->status != HN_PASS || (log->calls > 0 && !log->unwrapped[0]))
        return;
    attempt->status = HN_ERROR;
    if (!log->has_calls)
        attempt->reason =
            hn_text(arena, "torture needs the calls wrapped: assay_wrap(TARGET %s) in CMake",
                    test->torture);
    else if (log->unwrapped[0])
        attempt->reason = hn_text(arena,
                                  "torture cannot make these fail: %s: misspelled, not wrapped by "
                                  "assay_wrap(), or without a failure the catalogue knows",
                                  log->unwrapped);
    else
        attempt->reason =
            hn_text(arena, "torture met no call of %s: it proved nothing", test->torture);
    hn_attempt_say(attempt, arena, HN_MESSAGE_ERROR, test->file, test->line, attempt->reason);
}

static void name_call(struct hn_attempt *attempt, struct pf_arena *arena,
                      const struct hn_test *test, const struct hn_torture_log *log, unsigned nth)
{
    hn_attempt_say(attempt, arena, HN_MESSAGE_ERROR, test->file, test->line,
                   hn_text(arena, "broken by call %u failing: %s", nth, log->failed));
    attempt->reason = hn_text(arena, "%s; call %u failing: %s", attempt->reason, nth, log->failed);
}

static void read_log(struct hn_torture_log *out, int fd)
{
    char text[LOG_MAX];

    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    hn_torture_read(out, text);
}

void hn_torture_forgive(struct hn_attempt *attempt, int fd)
{
    struct hn_torture_log log;

    read_log(&log, fd);
    if (log.has_failed && attempt->status == HN_FAIL)
        attempt->status = HN_PASS;
}

bool hn_torture_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                      const struct hn_test *test, int fd, unsigned nth)
{
    struct hn_torture_log log;

    read_log(&log, fd);
    if (nth == 0) {
        judge_count(attempt, arena, test, &log);
        return attempt->status == HN_PASS;
    }
    if (!log.has_failed) /* fewer calls than nth, the last one has had its turn: a plain run */
        return false;
    if (attempt->status == HN_FAIL)
        attempt->status = HN_PASS;
    else if (hn_status_is_red(attempt->status))
        name_call(attempt, arena, test, &log, nth);
    return nth < CALLS_MAX;
}
