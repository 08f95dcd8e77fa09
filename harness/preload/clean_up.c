/*
 * What the test's own tools hold is let go when the test has ended: see assay/at_end.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/at_end.h>

#include "harness/preload/preload.h"

enum { CLEANERS_MAX = 32 };

/* Of this process; a forked copy inherits but never reaches the test's end. */
static void (*cleaners[CLEANERS_MAX])(void);
static unsigned cleaner_count;

HN_INTERPOSE void assay_runner_at_end(void (*clean)(void))
{
    for (unsigned i = 0; i < cleaner_count; i++)
        if (cleaners[i] == clean)
            return;
    if (cleaner_count < CLEANERS_MAX)
        cleaners[cleaner_count++] = clean;
}

void hn_clean_up(void)
{
    while (cleaner_count > 0)
        cleaners[--cleaner_count]();
}
