/*
 * JUnit XML. A failed check is <failure>; what no check could say (crash, timeout, leak, left-over
 * process) is <error>.
 *
 * Attempts before the last follow surefire: <rerunFailure> under a test that stayed red,
 * <flakyFailure> under one that passed in the end, each with its own output.
 *
 * Everything is what Jenkins' strict schema allows, but for file, line and properties of a test,
 * which GitLab, GitHub's actions and Jenkins' other plugin read, and which --junit-strict leaves
 * out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/runner/test_report.h"
#include "profiler/base/xml.h"

struct counts {
    unsigned tests, failures, errors, skipped;
    double seconds;
};

static bool is_failure(enum hn_status status)
{
    return status == HN_FAIL || status == HN_EXIT;
}

static void count_test(struct counts *counts, const struct hn_test *test)
{
    counts->tests++;
    if (test->status == HN_SKIP)
        counts->skipped++;
    else if (is_failure(test->status))
        counts->failures++;
    else if (hn_status_is_red(test->status))
        counts->errors++;
    for (const struct hn_attempt *at = test->attempts; at; at = at->next)
        counts->seconds += at->duration_s;
}

static struct counts count_suite(const struct hn_plan *plan, uint32_t from, uint32_t to)
{
    struct counts counts = {0};

    for (uint32_t i = from; i < to; i++)
        if (plan->tests[i].chosen)
            count_test(&counts, &plan->tests[i]);
    return counts;
}

static void put_counts(struct pf_sink *sink, const struct counts *counts)
{
    pf_sink_printf(sink, " tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"%.6f\"", counts->tests,
                   counts->failures, counts->errors, counts->seconds);
}

static void put_messages(struct pf_sink *sink, const struct hn_attempt *attempt)
{
    for (const struct hn_message *at = attempt->messages; at; at = at->next) {
        if (*at->file) {
            pf_xml_text(sink, at->file);
            pf_sink_printf(sink, ":%u: ", at->line);
        }
        pf_xml_text(sink, at->text);
        pf_sink_put_str(sink, "\n");
    }
    for (const struct hn_leak *at = attempt->leaks; at; at = at->next) {
        pf_sink_printf(sink, "leak (%s): ", at->kind);
        pf_xml_text(sink, at->text);
        pf_sink_put_str(sink, "\n");
    }
    if (attempt->stacks) {
        pf_sink_put_str(sink, "\n");
        pf_xml_text(sink, attempt->stacks);
    }
}

static const char *message_of(const struct hn_attempt *attempt)
{
    for (const struct hn_message *at = attempt->messages; at; at = at->next)
        if (at->kind == HN_MESSAGE_FAILURE && attempt->status == HN_FAIL)
            return at->text;
    return attempt->reason;
}

static void put_finding(struct pf_sink *sink, const char *element, const struct hn_attempt *attempt)
{
    pf_sink_printf(sink, "      <%s", element);
    pf_xml_attribute(sink, "type", hn_status_name(attempt->status));
    pf_xml_attribute(sink, "message", message_of(attempt));
    pf_sink_put_str(sink, ">");
    put_messages(sink, attempt);
    pf_sink_printf(sink, "</%s>\n", element);
}

static void put_output(struct pf_sink *sink, const char *element, const char *text)
{
    if (!text)
        return;
    pf_sink_printf(sink, "      <%s>", element);
    pf_xml_text(sink, text);
    pf_sink_printf(sink, "</%s>\n", element);
}

/* "[[ATTACHMENT|PATH]]" in the output is how Jenkins and GitLab find a test's files. */
static void put_system_out(struct pf_sink *sink, const struct hn_attempt *attempt)
{
    if (!attempt->out && !attempt->profile)
        return;
    pf_sink_put_str(sink, "      <system-out>");
    pf_xml_text(sink, attempt->out);
    if (attempt->profile) {
        pf_sink_put_str(sink, "\n[[ATTACHMENT|");
        pf_xml_text(sink, attempt->profile);
        pf_sink_put_str(sink, "]]\n");
    }
    pf_sink_put_str(sink, "</system-out>\n");
}

/* An attempt that was not the last: its findings, its output. */
static void put_rerun(struct pf_sink *sink, const char *element, const struct hn_attempt *attempt)
{
    pf_sink_printf(sink, "      <%s", element);
    pf_xml_attribute(sink, "type", hn_status_name(attempt->status));
    pf_xml_attribute(sink, "message", message_of(attempt));
    pf_sink_put_str(sink, ">\n      <stackTrace>");
    put_messages(sink, attempt);
    pf_sink_put_str(sink, "</stackTrace>\n");
    put_output(sink, "system-out", attempt->out);
    put_output(sink, "system-err", attempt->err);
    pf_sink_printf(sink, "      </%s>\n", element);
}

static const char *rerun_element(const struct hn_test *test, const struct hn_attempt *attempt)
{
    if (test->status == HN_FLAKY)
        return is_failure(attempt->status) ? "flakyFailure" : "flakyError";
    return is_failure(attempt->status) ? "rerunFailure" : "rerunError";
}

static void put_result(struct pf_sink *sink, const struct hn_test *test)
{
    const struct hn_attempt *last = hn_test_last(test);

    if (!last) {
        pf_sink_put_str(sink, "      <error type=\"not_run\" message=\"not run: the run ended "
                              "before\"/>\n");
        return;
    }
    if (test->status == HN_SKIP) {
        pf_sink_put_str(sink, "      <skipped");
        pf_xml_attribute(sink, "message", last->reason);
        pf_sink_put_str(sink, "/>\n");
    } else if (hn_status_is_red(test->status)) {
        put_finding(sink, is_failure(last->status) ? "failure" : "error", last);
    }
    for (const struct hn_attempt *at = test->attempts; at && at->next; at = at->next)
        if (hn_status_is_red(at->status))
            put_rerun(sink, rerun_element(test, at), at);
    put_system_out(sink, last);
    put_output(sink, "system-err", last->err);
}

static void put_properties(struct pf_sink *sink, const struct hn_test *test)
{
    const struct hn_attempt *last = hn_test_last(test);
    bool silent = last && last->asserted_nothing;

    if (!*test->tags && !silent && !(last && (last->profile || last->instructions)))
        return;
    pf_sink_put_str(sink, "      <properties>\n");
    if (*test->tags) {
        pf_sink_put_str(sink, "        <property name=\"tags\"");
        pf_xml_attribute(sink, "value", test->tags);
        pf_sink_put_str(sink, "/>\n");
    }
    if (silent)
        pf_sink_put_str(sink, "        <property name=\"warning\" value=\"asserted nothing\"/>\n");
    if (last && last->instructions)
        pf_sink_printf(sink, "        <property name=\"instructions\" value=\"%llu\"/>\n",
                       (unsigned long long)last->instructions);
    if (last && last->profile) {
        pf_sink_put_str(sink, "        <property name=\"cpu-profile\"");
        pf_xml_attribute(sink, "value", last->profile);
        pf_sink_put_str(sink, "/>\n");
    }
    pf_sink_put_str(sink, "      </properties>\n");
}

static void put_test(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_test *test,
                     bool strict)
{
    const struct hn_attempt *last = hn_test_last(test);

    pf_sink_put_str(sink, "    <testcase classname=\"");
    pf_xml_text(sink, plan->binaries[test->binary].name);
    pf_sink_put_str(sink, ".");
    pf_xml_text(sink, test->suite);
    pf_sink_put_str(sink, "\"");
    pf_xml_attribute(sink, "name", test->name);
    if (!strict) {
        pf_xml_attribute(sink, "file", test->file);
        pf_sink_printf(sink, " line=\"%u\"", test->line);
    }
    pf_sink_printf(sink, " time=\"%.6f\">\n", last ? last->duration_s : 0.0);
    if (!strict)
        put_properties(sink, test);
    put_result(sink, test);
    pf_sink_put_str(sink, "    </testcase>\n");
}

static void put_suite(struct pf_sink *sink, const struct hn_plan *plan, uint32_t from, uint32_t to,
                      const struct hn_run_info *info)
{
    struct counts counts = count_suite(plan, from, to);
    char host[256] = "localhost", stamp[32];
    time_t started = (time_t)(info->started_wall_ns / 1000000000u);
    struct tm utc;

    if (!counts.tests)
        return;
    (void)gethostname(host, sizeof host - 1);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&started, &utc));
    pf_sink_put_str(sink, "  <testsuite name=\"");
    pf_xml_text(sink, plan->binaries[plan->tests[from].binary].name);
    pf_sink_put_str(sink, ".");
    pf_xml_text(sink, plan->tests[from].suite);
    pf_sink_put_str(sink, "\"");
    put_counts(sink, &counts);
    pf_sink_printf(sink, " skipped=\"%u\"", counts.skipped);
    pf_xml_attribute(sink, "timestamp", stamp);
    pf_xml_attribute(sink, "hostname", host);
    pf_sink_put_str(sink, ">\n    <properties>\n      <property name=\"engine\"");
    pf_xml_attribute(sink, "value", info->engine);
    pf_sink_put_str(sink, "/>\n");
    if (info->seed)
        pf_sink_printf(sink, "      <property name=\"seed\" value=\"%llu\"/>\n",
                       (unsigned long long)info->seed);
    if (info->shard)
        pf_sink_printf(sink, "      <property name=\"shard\" value=\"%s\"/>\n", info->shard);
    pf_sink_put_str(sink, "    </properties>\n");
    for (uint32_t i = from; i < to; i++)
        if (plan->tests[i].chosen)
            put_test(sink, plan, &plan->tests[i], info->junit_strict);
    pf_sink_put_str(sink, "  </testsuite>\n");
}

/* A binary that could not be used is a suite with one error. */
static void put_bad_binary(struct pf_sink *sink, const struct hn_binary *binary)
{
    pf_sink_put_str(sink, "  <testsuite");
    pf_xml_attribute(sink, "name", binary->name);
    pf_sink_put_str(sink, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0\">\n"
                          "    <testcase");
    pf_xml_attribute(sink, "classname", binary->name);
    pf_sink_put_str(sink, " name=\"(binary)\" time=\"0\">\n      <error type=\"error\"");
    pf_xml_attribute(sink, "message", binary->problem);
    pf_sink_put_str(sink, "/>\n    </testcase>\n  </testsuite>\n");
}

/* One that makes the run red is an error of a suite of its own. */
static void put_obsolete(struct pf_sink *sink, const struct hn_plan *plan, unsigned count)
{
    pf_sink_printf(sink,
                   "  <testsuite name=\"snapshots\" tests=\"%u\" failures=\"0\" errors=\"%u\" "
                   "skipped=\"0\" time=\"0\">\n",
                   count, count);
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next) {
        if (at->removed)
            continue;
        pf_sink_put_str(sink, "    <testcase classname=\"snapshots\"");
        pf_xml_attribute(sink, "name", at->path);
        pf_sink_put_str(sink, " time=\"0\">\n      <error type=\"obsolete\" message=\"no test asks "
                              "for this snapshot any more: --update-snapshots removes it\"/>\n"
                              "    </testcase>\n");
    }
    pf_sink_put_str(sink, "  </testsuite>\n");
}

static unsigned count_obsolete(const struct hn_plan *plan)
{
    unsigned count = 0;

    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next)
        count += !at->removed && plan->obsolete_is_red;
    return count;
}

static bool same_suite(const struct hn_test *a, const struct hn_test *b)
{
    return a->binary == b->binary && strcmp(a->suite, b->suite) == 0;
}

void hn_write_junit(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                    const struct hn_run_info *info)
{
    struct counts all = count_suite(plan, 0, plan->test_count);
    unsigned obsolete = count_obsolete(plan);

    (void)tally;
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        all.tests += plan->binaries[i].kind == HN_BINARY_BAD;
        all.errors += plan->binaries[i].kind == HN_BINARY_BAD;
    }
    all.tests += obsolete;
    all.errors += obsolete;
    pf_sink_put_str(sink, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\"");
    put_counts(sink, &all);
    pf_sink_put_str(sink, ">\n");
    for (uint32_t from = 0; from < plan->test_count;) {
        uint32_t to = from + 1;
        while (to < plan->test_count && same_suite(&plan->tests[from], &plan->tests[to]))
            to++;
        put_suite(sink, plan, from, to, info);
        from = to;
    }
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            put_bad_binary(sink, &plan->binaries[i]);
    if (obsolete)
        put_obsolete(sink, plan, obsolete);
    pf_sink_put_str(sink, "</testsuites>\n");
}
