/*
 * What a person reads after a run: every red test with its findings, warnings, counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "harness/runner/test_report.h"

enum { OUTPUT_LINES = 60, OUTPUT_FIRST_LINES = 20, MESSAGES_SHOWN = 25, SLOWEST_MAX = 50 };

static const char *color_of(enum hn_status status)
{
    if (status == HN_PASS)
        return "\033[32m";
    if (status == HN_SKIP || status == HN_FLAKY)
        return "\033[33m";
    return "\033[31m";
}

static void put_status(struct pf_sink *sink, enum hn_status status, bool color)
{
    if (color)
        pf_sink_printf(sink, "%s%s\033[0m", color_of(status), hn_status_name(status));
    else
        pf_sink_put_str(sink, hn_status_name(status));
}

/* So many lines of text behind the prefix; what is left of it. */
static const char *put_some(struct pf_sink *sink, const char *prefix, const char *text,
                            unsigned count)
{
    for (; *text && count; count--) {
        size_t size = strcspn(text, "\n");
        pf_sink_put_str(sink, prefix);
        pf_sink_put(sink, text, size);
        pf_sink_put_str(sink, "\n");
        text += size + (text[size] == '\n');
    }
    return text;
}

/* The first lines only. */
static void put_lines(struct pf_sink *sink, const char *prefix, const char *text, unsigned max)
{
    if (*put_some(sink, prefix, text, max))
        pf_sink_printf(sink, "%s...\n", prefix);
}

static void put_message(struct pf_sink *sink, const struct hn_message *message)
{
    static const char *const words[] = {
        [HN_MESSAGE_FAILURE] = "",
        [HN_MESSAGE_ERROR] = "error: ",
        [HN_MESSAGE_WARNING] = "warning: ",
        [HN_MESSAGE_NOTE] = "note: ",
    };
    size_t first = strcspn(message->text, "\n");

    pf_sink_put_str(sink, "    ");
    if (*message->file)
        pf_sink_printf(sink, "%s:%u: ", message->file, message->line);
    pf_sink_put_str(sink, words[message->kind]);
    pf_sink_put(sink, message->text, first);
    pf_sink_put_str(sink, "\n");
    if (message->text[first])
        put_lines(sink, "    ", message->text + first + 1, OUTPUT_LINES);
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;

    for (; *text; count++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return count;
}

/* How it began, and the last words, which say most about how it ended. */
static void put_output(struct pf_sink *sink, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    unsigned lines = count_lines(text);
    pf_sink_printf(sink, "    -- %s --\n", name);
    if (lines > OUTPUT_LINES) {
        text = put_some(sink, "    | ", text, OUTPUT_FIRST_LINES);
        pf_sink_printf(sink, "    ... %u lines left out (--junit, --html, --json-out have them)\n",
                       lines - OUTPUT_LINES);
        for (lines -= OUTPUT_FIRST_LINES; lines > OUTPUT_LINES - OUTPUT_FIRST_LINES; lines--) {
            text += strcspn(text, "\n");
            text += *text == '\n';
        }
    }
    (void)put_some(sink, "    | ", text, OUTPUT_LINES);
}

void hn_write_findings(struct pf_sink *sink, const struct hn_attempt *attempt,
                       const struct hn_summary_style *style)
{
    unsigned shown = 0, more = 0;

    (void)style;
    for (const struct hn_message *at = attempt->messages; at; at = at->next)
        if (shown < MESSAGES_SHOWN) {
            put_message(sink, at);
            shown++;
        } else {
            more++;
        }
    if (more)
        pf_sink_printf(sink, "    ... and %u messages more\n", more);
    for (const struct hn_leak *at = attempt->leaks; at; at = at->next)
        if (!at->bytes) /* of memory its message tells */
            pf_sink_printf(sink, "    left (%s): %s\n", at->kind, at->text);
    if (attempt->stacks)
        put_lines(sink, "    ", attempt->stacks, 10 * OUTPUT_LINES);
    put_output(sink, "stdout", attempt->out);
    put_output(sink, "stderr", attempt->err);
}

static void put_red(struct pf_sink *sink, const struct hn_test *test,
                    const struct hn_summary_style *style)
{
    const struct hn_attempt *last = hn_test_last(test);

    put_status(sink, test->status, style->color);
    pf_sink_printf(sink, "  %s  (%s:%u)\n", test->id, test->file, test->line);
    if (!last) {
        pf_sink_put_str(sink, "    not run: the run ended before\n");
        return;
    }
    if (*last->reason && last->status != HN_FAIL)
        pf_sink_printf(sink, "    %s\n", last->reason);
    else if (!last->messages)
        pf_sink_printf(sink, "    %s\n", last->reason);
    hn_write_findings(sink, last, style);
}

/* A red test's are among its findings. */
static void put_warnings_of_green(struct pf_sink *sink, const struct hn_plan *plan)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        const struct hn_attempt *last = hn_status_is_red(test->status) ? NULL : hn_test_last(test);
        for (const struct hn_message *at = last ? last->messages : NULL; at; at = at->next) {
            if (at->kind != HN_MESSAGE_WARNING || count++ >= MESSAGES_SHOWN)
                continue;
            pf_sink_printf(sink, "warning  %s: ", test->id);
            pf_sink_put(sink, at->text, strcspn(at->text, "\n"));
            pf_sink_put_str(sink, "\n");
        }
    }
    if (count > MESSAGES_SHOWN)
        pf_sink_printf(sink, "... and %u warnings more\n", count - MESSAGES_SHOWN);
}

static void put_warnings(struct pf_sink *sink, const struct hn_plan *plan)
{
    unsigned silent = 0;
    const char *example = NULL;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_attempt *last = hn_test_last(&plan->tests[plan->order[i]]);
        if (last && last->asserted_nothing) {
            silent++;
            example = example ? example : plan->tests[plan->order[i]].id;
        }
    }
    if (silent)
        pf_sink_printf(sink, "warning: %u test%s passed without asserting anything (%s%s)\n",
                       silent, silent == 1 ? "" : "s", example, silent > 1 ? ", ..." : "");
}

/* Told in a quiet run only where they make it red. */
static void put_obsolete(struct pf_sink *sink, const struct hn_plan *plan, bool quiet)
{
    if (!plan->obsolete || (quiet && !plan->obsolete_is_red))
        return;
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next)
        pf_sink_printf(sink, "%s  snapshot %s: no test asks for it any more%s\n",
                       plan->obsolete_is_red ? "error" : "obsolete", at->path,
                       at->removed ? "; removed" : " (--update-snapshots removes it)");
}

static int slowest_first(const void *left, const void *right)
{
    const struct hn_test *const *a = left, *const *b = right;
    const struct hn_attempt *x = hn_test_last(*a), *y = hn_test_last(*b);
    double p = x ? x->duration_s : 0, q = y ? y->duration_s : 0;

    return p > q ? -1 : p < q;
}

static void put_slowest(struct pf_sink *sink, const struct hn_plan *plan, unsigned count)
{
    const struct hn_test **sorted = pf_mem_new(plan->order_count + 1, sizeof(struct hn_test *));

    for (uint32_t i = 0; i < plan->order_count; i++)
        sorted[i] = &plan->tests[plan->order[i]];
    qsort(sorted, plan->order_count, sizeof(struct hn_test *), slowest_first);
    pf_sink_put_str(sink, "slowest:\n");
    for (uint32_t i = 0; i < count && i < plan->order_count; i++) {
        const struct hn_attempt *last = hn_test_last(sorted[i]);
        pf_sink_printf(sink, "  %8.3f s  %s\n", last ? last->duration_s : 0.0, sorted[i]->id);
    }
    free(sorted);
}

static void put_counts(struct pf_sink *sink, const struct hn_tally *tally, bool color)
{
    static const enum hn_status order[] = {
        HN_PASS, HN_FLAKY, HN_SKIP,      HN_FAIL,      HN_EXIT,  HN_CRASH,  HN_TIMEOUT,
        HN_HANG, HN_LEAK,  HN_SANITIZER, HN_LEFT_OVER, HN_ERROR, HN_NOT_RUN};
    const char *between = "";

    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
        uint32_t count = tally->by_status[order[i]];
        if (!count && order[i] != HN_PASS)
            continue;
        pf_sink_printf(sink, "%s%u ", between, count);
        put_status(sink, order[i], color && count);
        between = ", ";
    }
}

static void put_problems(struct pf_sink *sink, const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD) {
            pf_sink_printf(sink, "error  %s: ", plan->binaries[i].path);
            pf_sink_put_str(sink, plan->binaries[i].problem);
            pf_sink_put_str(sink, "\n");
        }
}

void hn_write_summary(struct pf_sink *sink, const struct hn_plan *plan,
                      const struct hn_tally *tally, const struct hn_summary_style *style)
{
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        if (hn_status_is_red(test->status) && !(test->status == HN_NOT_RUN && tally->interrupted))
            put_red(sink, test, style);
    }
    put_problems(sink, plan);
    put_obsolete(sink, plan, style->quiet);
    if (!style->quiet) {
        put_warnings_of_green(sink, plan);
        put_warnings(sink, plan);
    }
    if (style->slowest)
        put_slowest(sink, plan, style->slowest);
    put_counts(sink, tally, style->color);
    pf_sink_printf(sink, " in %.2f s%s\n", tally->seconds,
                   tally->interrupted ? " (interrupted)" : "");
}
