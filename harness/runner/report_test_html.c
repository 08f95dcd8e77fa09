/*
 * The run as one page that opens anywhere: counts, a list to filter, findings to unfold.
 *
 * No external resources. Without scripts everything is still there to read.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/runner/test_report.h"
#include "profiler/base/xml.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Test run</title>\n<style>\n"
    ":root{color-scheme:light dark;--red:#c62828;--ok:#2e7d32;--amber:#b26a00}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.3rem}.counts span{margin-right:1rem;font-weight:600;white-space:nowrap}\n"
    "input{font:inherit;padding:.3rem .6rem;width:22rem;max-width:100%;margin:1rem 1rem 1rem 0}\n"
    "details,.row{border-top:1px solid #8884;padding:.25rem 0}\n"
    ".row{padding-left:1.05rem}.time{float:right;opacity:.7;font-variant-numeric:tabular-nums}\n"
    ".s{display:inline-block;min-width:5.5rem;font-weight:600;color:var(--red)}\n"
    ".pass .s{color:var(--ok)}.skip .s,.flaky .s{color:var(--amber)}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.6rem;margin:.4rem "
    "0}\n"
    ".where{opacity:.7}\n</style></head><body>\n";

static const char script[] =
    "<script>\nconst q=document.getElementById('q'),r=document.getElementById('red');\n"
    "function f(){for(const e of document.querySelectorAll('[data-id]'))e.hidden="
    "!e.dataset.id.includes(q.value)||(r.checked&&!e.dataset.red)}\n"
    "q.oninput=r.onchange=f;\n</script>\n</body></html>\n";

static void put_pre(struct pf_sink *sink, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    pf_sink_printf(sink, "<div class=\"where\">%s</div><pre>", title);
    pf_xml_text(sink, text);
    pf_sink_put_str(sink, "</pre>\n");
}

/* A path as a URL: what is no path character of RFC 3986 is escaped. */
static void put_url(struct pf_sink *sink, const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    for (; *path; path++)
        if (strchr(plain, *path))
            pf_sink_put(sink, path, 1);
        else
            pf_sink_printf(sink, "%%%02X", (unsigned char)*path);
}

/* Both paths are from where we run; the link is from the page. What does not lie beside or below
 * the page is named from the root. */
static void put_profile(struct pf_sink *sink, const char *profile, const char *page)
{
    const char *slash = page ? strrchr(page, '/') : NULL;
    size_t size = slash ? (size_t)(slash - page) + 1 : 0;
    char *whole = NULL;

    if (size == 0 || strncmp(profile, page, size) != 0)
        whole = size == 0 && *profile != '/' ? NULL : realpath(profile, NULL);
    else
        profile += size;
    pf_sink_put_str(sink, "<p><a href=\"");
    put_url(sink, whole ? whole : profile);
    pf_sink_put_str(sink, "\">CPU profile</a></p>\n");
    free(whole);
}

static void put_attempt(struct pf_sink *sink, const struct hn_attempt *attempt, const char *page)
{
    if (attempt->profile)
        put_profile(sink, attempt->profile, page);
    if (*attempt->reason) {
        pf_sink_put_str(sink, "<p>");
        pf_xml_text(sink, attempt->reason);
        pf_sink_put_str(sink, "</p>\n");
    }
    for (const struct hn_message *at = attempt->messages; at; at = at->next) {
        pf_sink_put_str(sink, "<pre>");
        if (*at->file) {
            pf_xml_text(sink, at->file);
            pf_sink_printf(sink, ":%u: ", at->line);
        }
        pf_xml_text(sink, at->text);
        pf_sink_put_str(sink, "</pre>\n");
    }
    for (const struct hn_leak *at = attempt->leaks; at; at = at->next)
        put_pre(sink, at->kind, at->text);
    put_pre(sink, "stacks", attempt->stacks);
    put_pre(sink, "stdout", attempt->out);
    put_pre(sink, "stderr", attempt->err);
}

static bool has_findings(const struct hn_test *test)
{
    for (const struct hn_attempt *at = test->attempts; at; at = at->next)
        if (*at->reason || at->messages || at->leaks || at->out || at->err)
            return true;
    return false;
}

static void put_test(struct pf_sink *sink, const struct hn_test *test, const char *page)
{
    const struct hn_attempt *last = hn_test_last(test);
    bool unfolds = has_findings(test);
    const char *element = unfolds ? "details" : "div";

    pf_sink_printf(sink, "<%s class=\"%s%s\"%s", element, unfolds ? "" : "row ",
                   hn_status_name(test->status),
                   hn_status_is_red(test->status) ? " data-red=\"1\"" : "");
    pf_xml_attribute(sink, "data-id", test->id);
    pf_sink_printf(sink, ">%s<span class=\"time\">%.3f s</span><span class=\"s\">%s</span> ",
                   unfolds ? "<summary>" : "", last ? last->duration_s : 0.0,
                   hn_status_name(test->status));
    pf_xml_text(sink, test->id);
    pf_sink_put_str(sink, " <span class=\"where\">");
    pf_xml_text(sink, test->file);
    pf_sink_printf(sink, ":%u</span>%s\n", test->line, unfolds ? "</summary>" : "");
    unsigned number = 0;
    for (const struct hn_attempt *at = test->attempts; unfolds && at; at = at->next) {
        if (test->attempts->next)
            pf_sink_printf(sink, "<h4>attempt %u: %s</h4>\n", ++number, hn_status_name(at->status));
        put_attempt(sink, at, page);
    }
    pf_sink_printf(sink, "</%s>\n", element);
}

static void put_counts(struct pf_sink *sink, const struct hn_tally *tally)
{
    pf_sink_put_str(sink, "<p class=\"counts\">");
    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        if (tally->by_status[i])
            pf_sink_printf(sink, "<span>%u %s</span>", tally->by_status[i],
                           hn_status_name((enum hn_status)i));
    pf_sink_printf(sink, "<span>%.2f s</span></p>\n", tally->seconds);
}

static void put_bad_binary(struct pf_sink *sink, const struct hn_binary *binary)
{
    pf_sink_put_str(sink, "<div class=\"where\">unusable binary ");
    pf_xml_text(sink, binary->path);
    pf_sink_put_str(sink, "</div><pre>");
    pf_xml_text(sink, binary->problem);
    pf_sink_put_str(sink, "</pre>\n");
}

/* When it began, in the reader's own terms as far as a file can know them. */
static void put_run(struct pf_sink *sink, const struct hn_run_info *info)
{
    char stamp[64];
    struct tm local;
    time_t started = (time_t)(info->started_wall_ns / 1000000000u);

    (void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S %Z", localtime_r(&started, &local));
    pf_sink_put_str(sink, "<h1>Test run</h1><p class=\"where\">");
    pf_xml_text(sink, info->command);
    pf_sink_printf(sink, "<br>%s</p>\n", stamp);
}

void hn_write_test_html(struct pf_sink *sink, const struct hn_plan *plan,
                        const struct hn_tally *tally, const struct hn_run_info *info)
{
    pf_sink_put_str(sink, head);
    put_run(sink, info);
    put_counts(sink, tally);
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            put_bad_binary(sink, &plan->binaries[i]);
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next)
        put_pre(sink, at->removed ? "obsolete snapshot, removed" : "obsolete snapshot", at->path);
    pf_sink_put_str(sink,
                    "<input id=\"q\" placeholder=\"part of a test's id\" aria-label=\"filter\">"
                    "<label><input id=\"red\" type=\"checkbox\" style=\"width:auto\"> only "
                    "red</label>\n");
    for (int pass = 0; pass < 2; pass++) /* what is red first */
        for (uint32_t i = 0; i < plan->test_count; i++)
            if (plan->tests[i].chosen && hn_status_is_red(plan->tests[i].status) == (pass == 0))
                put_test(sink, &plan->tests[i], info->html);
    pf_sink_put_str(sink, script);
}
