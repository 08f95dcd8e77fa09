/*
 * Findings, and what several checks need.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/doctor.h"

static void begin(struct hn_finding *out, enum hn_health health, const char *remedy)
{
    *out = (struct hn_finding){.health = health};
    (void)snprintf(out->remedy, sizeof out->remedy, "%s", remedy);
}

void hn_finding_works(struct hn_finding *out, const char *fmt, ...)
{
    va_list args;

    begin(out, HN_HEALTH_WORKS, "");
    va_start(args, fmt);
    (void)vsnprintf(out->detail, sizeof out->detail, fmt, args);
    va_end(args);
}

void hn_finding_limited(struct hn_finding *out, const char *remedy, const char *fmt, ...)
{
    va_list args;

    begin(out, HN_HEALTH_LIMITED, remedy);
    va_start(args, fmt);
    (void)vsnprintf(out->detail, sizeof out->detail, fmt, args);
    va_end(args);
}

void hn_finding_missing(struct hn_finding *out, const char *remedy, const char *fmt, ...)
{
    va_list args;

    begin(out, HN_HEALTH_MISSING, remedy);
    va_start(args, fmt);
    (void)vsnprintf(out->detail, sizeof out->detail, fmt, args);
    va_end(args);
}

bool hn_doctor_find_program(const char *program, char *out, unsigned size)
{
    const char *path = getenv("PATH");

    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t length = strcspn(at, ":");
        int written = snprintf(out, size, "%.*s/%s", (int)length, at, program);
        if (length > 0 && written > 0 && (unsigned)written < size && access(out, X_OK) == 0)
            return true;
        at += length;
        at += *at == ':';
    }
    return false;
}
