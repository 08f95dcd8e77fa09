/*
 * The valgrind tool a test runs under: told where the test begins, asked at its end what it found.
 *
 * Criterion switches error reporting off before our fork; the test's process switches it on again.
 * Errors are counted before the leak check, which adds its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <valgrind/callgrind.h>
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

#include "harness/preload/preload.h"

enum { DISABLED_AT_MOST = 8 };

bool hn_valgrind_is_here(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void hn_valgrind_begin(void)
{
    if (!RUNNING_ON_VALGRIND)
        return;
    for (int i = 0; i < DISABLED_AT_MOST; i++)
        VALGRIND_ENABLE_ERROR_REPORTING;
    CALLGRIND_ZERO_STATS;
}

void hn_valgrind_ask(bool wants_leaks)
{
    unsigned long definite = 0, dubious = 0, reachable = 0, suppressed = 0;

    if (!RUNNING_ON_VALGRIND)
        return;
    CALLGRIND_TOGGLE_COLLECT;
    unsigned errors = VALGRIND_COUNT_ERRORS;
    if (wants_leaks) {
        VALGRIND_DO_LEAK_CHECK;
        VALGRIND_COUNT_LEAKS(definite, dubious, reachable, suppressed);
    }
    (void)dubious;
    (void)reachable;
    (void)suppressed;
    if (errors || definite)
        hn_record_printf(HN_RECORD_MEMCHECK, "%u %lu", errors, definite);
}
