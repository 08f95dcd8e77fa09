/*
 * Failures, handed to whoever runs the test.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>

#include "mocks/mock_priv.h"

void mk_fail_at(const char *file, int line, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (mk_state.report)
        mk_state.report(file ? file : "?", line, text);
    else
        (void)fprintf(stderr, "%s:%d: %s\n", file ? file : "?", line, text);
}

void mk_pass_at(const char *file, int line)
{
    if (mk_state.report)
        mk_state.report(file, line, NULL);
}

const char *mk_verb_name(enum mk_verb verb)
{
    static const char *const names[] = {"mock", "spy", "fail", "expect", "seq"};
    return names[verb];
}
