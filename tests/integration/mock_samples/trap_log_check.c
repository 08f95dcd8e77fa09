/*
 * A variadic function of the project's own, wrapped by the linker: called through, faked, altered.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <stdio.h>
#include <string.h>

#include "sample_log.h"

static int failures;

static void report(const char *file, int line, const char *text)
{
    if (!text)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    failures++;
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            report(__FILE__, __LINE__, "not so: " #condition);                                     \
    } while (0)

int main(void)
{
    CHECK(log_user_report(1, 2.5) == 3 + (int)strlen(log_last));
    assay_mock_begin(report);
    spy_log_put(.level = IS(3));
    CHECK(log_user_report(1, 2.5) == 3 + (int)strlen(log_last));
    CHECK(strcmp(log_last, "1 2.50 six 4 5 6 7 8 5.0") == 0);
    CHECK(log_put_calls() == 1);
    assay_mock_end();
    assay_mock_begin(report);
    mock_log_put(.ret = 9);
    mock_log_scale(.ret = 0.5);
    CHECK(log_user_report(1, 2.5) == 9);
    CHECK(log_user_scale() > 0.4 && log_user_scale() < 0.6);
    assay_mock_end();
    if (!failures)
        fprintf(stderr, "all seen\n");
    return failures ? 1 : 0;
}
