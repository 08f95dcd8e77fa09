/*
 * TAP 14: a point a test, findings in a YAML block, SKIP as a directive.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "harness/runner/test_report.h"

/* '#' and '\' are escaped in a description. */
static void put_description(struct pf_sink *sink, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            pf_sink_put_str(sink, "\\");
        pf_sink_put(sink, *text == '\n' ? " " : text, 1);
    }
}

/* A YAML double-quoted scalar. */
static void put_quoted(struct pf_sink *sink, const char *text)
{
    pf_sink_put_str(sink, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            pf_sink_printf(sink, "\\%c", byte);
        else if (byte == '\n')
            pf_sink_put_str(sink, "\\n");
        else if (byte < 0x20 || byte == 0x7F)
            pf_sink_printf(sink, "\\x%02x", byte);
        else
            pf_sink_put(sink, text, 1);
    }
    pf_sink_put_str(sink, "\"\n");
}

static void put_field(struct pf_sink *sink, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    pf_sink_printf(sink, "  %s: ", name);
    put_quoted(sink, text);
}

static void put_block(struct pf_sink *sink, const struct hn_test *test,
                      const struct hn_attempt *last)
{
    pf_sink_put_str(sink, "  ---\n");
    put_field(sink, "status", hn_status_name(test->status));
    put_field(sink, "file", test->file);
    pf_sink_printf(sink, "  line: %u\n", test->line);
    if (last) {
        pf_sink_printf(sink, "  duration_s: %.6f\n", last->duration_s);
        put_field(sink, "reason", last->reason);
        if (last->messages)
            pf_sink_put_str(sink, "  messages:\n");
        for (const struct hn_message *at = last->messages; at; at = at->next) {
            pf_sink_put_str(sink, "    - ");
            put_quoted(sink, at->text);
        }
        put_field(sink, "stacks", last->stacks);
        put_field(sink, "stdout", last->out);
        put_field(sink, "stderr", last->err);
    }
    pf_sink_put_str(sink, "  ...\n");
}

/* Why a test is in the report: of a flaky one its first failure. */
static const struct hn_attempt *telling(const struct hn_test *test)
{
    for (const struct hn_attempt *at = test->attempts; at && test->status == HN_FLAKY;
         at = at->next)
        if (hn_status_is_red(at->status))
            return at;
    return hn_test_last(test);
}

/* What is red and no test: binaries that could not be used, snapshots nobody asks for in CI. */
static unsigned count_more(const struct hn_plan *plan)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < plan->binary_count; i++)
        count += plan->binaries[i].kind == HN_BINARY_BAD;
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next)
        count += plan->obsolete_is_red && !at->removed;
    return count;
}

static void put_problem(struct pf_sink *sink, unsigned number, const char *what, const char *reason)
{
    pf_sink_printf(sink, "not ok %u - ", number);
    put_description(sink, what);
    pf_sink_put_str(sink, "\n  ---\n  status: \"error\"\n");
    put_field(sink, "reason", reason);
    pf_sink_put_str(sink, "  ...\n");
}

static void put_more(struct pf_sink *sink, const struct hn_plan *plan, unsigned number)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            put_problem(sink, ++number, plan->binaries[i].path, plan->binaries[i].problem);
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next)
        if (plan->obsolete_is_red && !at->removed)
            put_problem(sink, ++number, at->path,
                        "no test asks for this snapshot any more: --update-snapshots removes it");
}

void hn_write_tap(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                  const struct hn_run_info *info)
{
    unsigned number = 0;

    (void)info;
    pf_sink_printf(sink, "TAP version 14\n1..%u\n", plan->order_count + count_more(plan));
    for (uint32_t i = 0; i < plan->test_count; i++) {
        const struct hn_test *test = &plan->tests[i];
        const struct hn_attempt *last = hn_test_last(test);
        if (!test->chosen)
            continue;
        bool red = hn_status_is_red(test->status);
        pf_sink_printf(sink, "%sok %u - ", red ? "not " : "", ++number);
        put_description(sink, test->id);
        if (test->status == HN_SKIP) {
            pf_sink_put_str(sink, " # SKIP ");
            put_description(sink, last->reason);
        }
        pf_sink_put_str(sink, "\n");
        if (red || test->status == HN_FLAKY)
            put_block(sink, test, telling(test));
    }
    put_more(sink, plan, number);
    if (tally->interrupted)
        pf_sink_put_str(sink, "Bail out! interrupted\n");
}
