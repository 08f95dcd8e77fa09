/* SPDX-License-Identifier: MIT */
#include "harness/runner/sanitizer_text.h"

#include <stdlib.h>
#include <string.h>

/* The start of the line that at is in. */
static const char *line_start(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n')
        at--;
    return at;
}

static void take(struct hn_tool_finding *out, const char *headline)
{
    out->headline = headline;
    out->headline_size = strcspn(headline, "\n");
}

/* "SUMMARY: AddressSanitizer: 123 byte(s) leaked in 1 allocation(s)." */
static uint64_t leaked_bytes(const char *report)
{
    const char *summary = strstr(report, "SUMMARY: ");
    const char *number = summary ? strstr(summary, "Sanitizer: ") : NULL;

    return number ? strtoull(number + strlen("Sanitizer: "), NULL, 10) : 0;
}

/* Does a line that says mark stand behind "==123==", as a process names itself? A program that only
 * speaks of a sanitizer, a log parser's test say, does not. */
static const char *find_report(const char *output, const char *mark)
{
    for (const char *at = strstr(output, mark); at; at = strstr(at + 1, mark)) {
        const char *back = at;
        if (back - output < 5 || back[-1] != '=' || back[-2] != '=')
            continue;
        for (back -= 2; back > output && back[-1] >= '0' && back[-1] <= '9';)
            back--;
        if (*back != '=' && back - output >= 2 && back[-1] == '=' && back[-2] == '=')
            return at;
    }
    return NULL;
}

/* "WARNING: ThreadSanitizer: data race (pid=123)": it names itself at the end. */
static const char *find_race(const char *output)
{
    static const char mark[] = "WARNING: ThreadSanitizer: ";

    for (const char *at = strstr(output, mark); at; at = strstr(at + 1, mark)) {
        const char *pid = strstr(at, "(pid=");
        if (pid && (size_t)(pid - at) < strcspn(at, "\n"))
            return at;
    }
    return NULL;
}

static const char *find_any(const char *output)
{
    static const char *const marks[] = {"ERROR: AddressSanitizer", "ERROR: ThreadSanitizer",
                                        "WARNING: MemorySanitizer", "ERROR: MemorySanitizer",
                                        "ERROR: LeakSanitizer"};
    const char *at = find_race(output);

    for (size_t i = 0; !at && i < sizeof marks / sizeof marks[0]; i++)
        at = find_report(output, marks[i]);
    return at;
}

bool hn_tool_finding_in(const char *output, bool has_ubsan, struct hn_tool_finding *out)
{
    const char *at = output ? find_any(output) : NULL;

    *out = (struct hn_tool_finding){0};
    if (at) {
        take(out, at + strcspn(at, " ") + 1);
        out->is_leak = strncmp(at, "ERROR: Leak", 11) == 0;
        out->bytes = out->is_leak ? leaked_bytes(at) : 0;
        return true;
    }
    at = output && has_ubsan ? strstr(output, ": runtime error: ") : NULL;
    if (!at)
        return false;
    take(out, line_start(output, at));
    return true;
}
