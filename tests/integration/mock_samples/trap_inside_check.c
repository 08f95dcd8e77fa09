/*
 * However trap_inside.c was built, calls inside it are seen. Prints what failed, exits 1.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <stdio.h>

#include "trap_inside.h"

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
    assay_mock_begin(report);
    mock_trap_shown(.ret = 50);
    CHECK(trap_tail(1) == 50);
    CHECK(trap_twice(1) == 100);
    assay_mock_end();

    assay_mock_begin(report);
    mock_hidden(.ret = 10);
    CHECK(trap_shown(1) == 20);
    CHECK(trap_by_pointer(1) == 10);
    assay_mock_end();

    assay_mock_begin(report);
    spy_hidden();
    spy_trap_shown();
    CHECK(trap_twice(1) == 10);
    CHECK(hidden_calls() == 2 && trap_shown_call(1)->ret == 6);
    assay_mock_end();

    assay_mock_begin(report);
    seq_hidden({.ret = 1}, {.ret = 2});
    CHECK(trap_same(1) == 3);
    assay_mock_end();

    CHECK(trap_twice(1) == 10);
    if (!failures)
        fprintf(stderr, "all seen\n");
    return failures ? 1 : 0;
}
