/* SPDX-License-Identifier: MIT */
#include "harness/runner/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[HN_STATUS_COUNT] = {
    [HN_NOT_RUN] = "not_run",     [HN_PASS] = "pass", [HN_SKIP] = "skip",
    [HN_FLAKY] = "flaky",         [HN_FAIL] = "fail", [HN_EXIT] = "exit",
    [HN_LEFT_OVER] = "left_over", [HN_LEAK] = "leak", [HN_SANITIZER] = "sanitizer",
    [HN_TIMEOUT] = "timeout",     [HN_HANG] = "hang", [HN_CRASH] = "crash",
    [HN_ERROR] = "error",
};

const char *hn_status_name(enum hn_status status)
{
    return names[status];
}

bool hn_status_is_red(enum hn_status status)
{
    return status >= HN_FAIL || status == HN_NOT_RUN;
}

void hn_plan_fini(struct hn_plan *plan)
{
    free(plan->binaries);
    free(plan->tests);
    free(plan->order);
    pf_arena_fini(&plan->arena);
    *plan = (struct hn_plan){0};
}

const struct hn_attempt *hn_test_last(const struct hn_test *test)
{
    const struct hn_attempt *attempt = test->attempts;

    while (attempt && attempt->next)
        attempt = attempt->next;
    return attempt;
}

void hn_attempt_say(struct hn_attempt *attempt, struct pf_arena *arena, enum hn_message_kind kind,
                    const char *file, uint32_t line, const char *text)
{
    struct hn_message *message = pf_arena_alloc(arena, sizeof *message);
    struct hn_message **at = &attempt->messages;

    message->kind = kind;
    message->file = file ? pf_arena_text(arena, file, strlen(file)) : "";
    message->line = line;
    message->text = pf_arena_text(arena, text, strlen(text));
    while (*at)
        at = &(*at)->next;
    *at = message;
}

void hn_attempt_leak(struct hn_attempt *attempt, struct pf_arena *arena, const char *kind,
                     uint64_t bytes, const char *text)
{
    struct hn_leak *leak = pf_arena_alloc(arena, sizeof *leak);
    struct hn_leak **at = &attempt->leaks;

    leak->kind = kind;
    leak->bytes = bytes;
    leak->text = pf_arena_text(arena, text, strlen(text));
    while (*at)
        at = &(*at)->next;
    *at = leak;
}

const char *hn_text(struct pf_arena *arena, const char *fmt, ...)
{
    char text[4096];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return pf_arena_text(arena, text, strlen(text));
}
