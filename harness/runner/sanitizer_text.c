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

bool hn_tool_finding_in(const char *output, bool has_ubsan, struct hn_tool_finding *out)
{
    static const char *const marks[] = {"ERROR: AddressSanitizer", "WARNING: ThreadSanitizer",
                                        "WARNING: MemorySanitizer", "ERROR: LeakSanitizer"};
    const char *at = NULL;

    *out = (struct hn_tool_finding){0};
    for (size_t i = 0; output && !at && i < sizeof marks / sizeof marks[0]; i++)
        at = strstr(output, marks[i]);
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
