/*
 * The valgrind tool a test runs under: told where the test begins, asked at its end what it found.
 *
 * Criterion switches error reporting off before our fork; the test's process switches it on again.
 * Errors are counted before the leak check, which adds its own. What was lost before the test began
 * is taken away from what is lost at its end.
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

/* What the binary had lost before this test began, which is not the test's. */
static unsigned long lost_before;

static unsigned long lost_so_far(void)
{
    unsigned long definite = 0, dubious = 0, reachable = 0, suppressed = 0;

    VALGRIND_COUNT_LEAKS(definite, dubious, reachable, suppressed);
    (void)dubious;
    (void)reachable;
    (void)suppressed;
    return definite;
}

void hn_valgrind_begin(bool wants_leaks)
{
    if (!RUNNING_ON_VALGRIND)
        return;
    if (wants_leaks) {
        VALGRIND_DO_QUICK_LEAK_CHECK;
        lost_before = lost_so_far();
    }
    VALGRIND_PRINTF(HN_WIRE_VALGRIND_MARK "\n"); /* what the log says above is not the test's */
    for (int i = 0; i < DISABLED_AT_MOST; i++)
        VALGRIND_ENABLE_ERROR_REPORTING;
    CALLGRIND_ZERO_STATS;
}

void hn_valgrind_ask(bool wants_leaks)
{
    unsigned long definite = 0;

    if (!RUNNING_ON_VALGRIND)
        return;
    CALLGRIND_TOGGLE_COLLECT;
    unsigned errors = VALGRIND_COUNT_ERRORS;
    if (wants_leaks) {
        VALGRIND_DO_ADDED_LEAK_CHECK;
        definite = lost_so_far();
        definite -= definite < lost_before ? definite : lost_before;
    }
    if (errors || definite)
        hn_record_printf(HN_RECORD_MEMCHECK, "%u %lu", errors, definite);
}
