/*
 * What a person should know of a run besides what is red: tests that passed in the end only, that
 * asserted nothing, that left descriptors or files.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "harness/runner/test_report.h"

enum { FILES_SHOWN = 5, WARNINGS_SHOWN = 25 };

static const char *why_of(const struct hn_attempt *attempt)
{
    for (const struct hn_message *at = attempt->messages; at; at = at->next)
        if (at->kind == HN_MESSAGE_FAILURE && attempt->status == HN_FAIL)
            return at->text;
    return attempt->reason;
}

static void put_flaky(struct pf_sink *sink, const struct hn_test *test)
{
    unsigned number = 1;

    pf_sink_printf(sink, "flaky  %s  (%s:%u)\n", test->id, test->file, test->line);
    for (const struct hn_attempt *at = test->attempts; at && at->next; at = at->next, number++) {
        const char *why = why_of(at);
        pf_sink_printf(sink, "    attempt %u: %s: %.*s\n", number, hn_status_name(at->status),
                       (int)strcspn(why, "\n"), why);
    }
}

static const char *open_of(const struct hn_attempt *attempt)
{
    for (const struct hn_leak *at = attempt->leaks; at; at = at->next)
        if (strcmp(at->kind, "fd") == 0)
            return at->text;
    return NULL;
}

/* How many tests, and the first of them. */
struct found {
    unsigned count;
    const struct hn_test *first;
};

static void note(struct found *found, const struct hn_test *test)
{
    found->first = found->first ? found->first : test;
    found->count++;
}

static void put_found(struct pf_sink *sink, const struct found *silent, const struct found *open)
{
    if (silent->count)
        pf_sink_printf(sink, "warning: %u test%s passed without asserting anything (%s%s)\n",
                       silent->count, silent->count == 1 ? "" : "s", silent->first->id,
                       silent->count > 1 ? ", ..." : "");
    if (open->count)
        pf_sink_printf(sink,
                       "warning: %u test%s left descriptors open (%s: %s%s); --leaks makes them "
                       "red\n",
                       open->count, open->count == 1 ? "" : "s", open->first->id,
                       open_of(hn_test_last(open->first)), open->count > 1 ? ", ..." : "");
}

static void put_files(struct pf_sink *sink, const struct hn_plan *plan)
{
    unsigned count = 0;

    if (!plan->left_files)
        return;
    pf_sink_put_str(sink, "warning: the tests left behind in the working directory:");
    for (const struct hn_left_file *at = plan->left_files; at; at = at->next, count++)
        if (count < FILES_SHOWN)
            pf_sink_printf(sink, "%s %s", count ? "," : "", at->path);
    if (count > FILES_SHOWN)
        pf_sink_printf(sink, " and %u more", count - FILES_SHOWN);
    pf_sink_put_str(sink, " (--isolate-cwd gives each test one of its own)\n");
}

/* A red test's are among its findings. */
static void put_warnings_of_green(struct pf_sink *sink, const struct hn_plan *plan)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        const struct hn_attempt *last = hn_status_is_red(test->status) ? NULL : hn_test_last(test);
        for (const struct hn_message *at = last ? last->messages : NULL; at; at = at->next) {
            if (at->kind != HN_MESSAGE_WARNING || count++ >= WARNINGS_SHOWN)
                continue;
            pf_sink_printf(sink, "warning  %s: ", test->id);
            pf_sink_put(sink, at->text, strcspn(at->text, "\n"));
            pf_sink_put_str(sink, "\n");
        }
    }
    if (count > WARNINGS_SHOWN)
        pf_sink_printf(sink, "... and %u warnings more\n", count - WARNINGS_SHOWN);
}

void hn_write_notes(struct pf_sink *sink, const struct hn_plan *plan)
{
    struct found silent = {0}, open = {0};

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        const struct hn_attempt *last = hn_test_last(test);
        if (test->status == HN_FLAKY)
            put_flaky(sink, test);
        if (last && last->asserted_nothing)
            note(&silent, test);
        if (last && last->status == HN_PASS && open_of(last))
            note(&open, test);
    }
    put_warnings_of_green(sink, plan);
    put_found(sink, &silent, &open);
    put_files(sink, plan);
}
