/*
 * Annotations for GitHub's runner: a workflow command a finding, at its file and line.
 *
 * Values escape %, CR, LF, and in properties ':' and ',' ("Workflow commands for GitHub Actions").
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "harness/runner/test_report.h"

enum { TEXT_MAX = 4000 };

static void put_escaped(struct pf_sink *sink, const char *text, bool is_property)
{
    size_t size = strnlen(text, TEXT_MAX);

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' || text[i] == '\r' || text[i] == '\n'
            || (is_property && (text[i] == ':' || text[i] == ',')))
            pf_sink_printf(sink, "%%%02X", (unsigned char)text[i]);
        else
            pf_sink_put(sink, text + i, 1);
    }
}

static void put_annotation(struct pf_sink *sink, const char *level, const struct hn_test *test,
                           const char *file, uint32_t line)
{
    pf_sink_printf(sink, "::%s file=", level);
    put_escaped(sink, *file ? file : test->file, true);
    pf_sink_printf(sink, ",line=%u,title=", *file ? line : test->line);
    put_escaped(sink, test->id, true);
    pf_sink_put_str(sink, "::");
}

static void put_red(struct pf_sink *sink, const struct hn_test *test, const struct hn_attempt *last)
{
    bool said = false;

    for (const struct hn_message *at = last->messages; at; at = at->next) {
        if (at->kind > HN_MESSAGE_ERROR)
            continue;
        put_annotation(sink, "error", test, at->file, at->line);
        put_escaped(sink, at->text, false);
        pf_sink_put_str(sink, "\n");
        said = true;
    }
    if (said && last->status == HN_FAIL)
        return;
    put_annotation(sink, "error", test, "", 0);
    put_escaped(sink, hn_status_name(last->status), false);
    put_escaped(sink, *last->reason ? ": " : "", false);
    put_escaped(sink, last->reason, false);
    if (last->stacks) {
        pf_sink_put_str(sink, "%0A");
        put_escaped(sink, last->stacks, false);
    }
    pf_sink_put_str(sink, "\n");
}

static void put_obsolete(struct pf_sink *sink, const struct hn_plan *plan)
{
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next) {
        if (at->removed)
            continue;
        pf_sink_printf(sink, "::%s file=", plan->obsolete_is_red ? "error" : "warning");
        put_escaped(sink, at->path, true);
        pf_sink_put_str(sink, "::no test asks for this snapshot any more: --update-snapshots "
                              "removes it\n");
    }
}

void hn_write_github(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                     const struct hn_run_info *info)
{
    (void)tally;
    (void)info;
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        const struct hn_attempt *last = hn_test_last(test);
        if (last && hn_status_is_red(test->status))
            put_red(sink, test, last);
        if (last && test->status == HN_FLAKY) {
            put_annotation(sink, "warning", test, "", 0);
            pf_sink_put_str(sink, "flaky: failed, then passed on a retry\n");
        }
    }
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD) {
            pf_sink_put_str(sink, "::error title=");
            put_escaped(sink, plan->binaries[i].name, true);
            pf_sink_put_str(sink, "::");
            put_escaped(sink, plan->binaries[i].problem, false);
            pf_sink_put_str(sink, "\n");
        }
    put_obsolete(sink, plan);
}
