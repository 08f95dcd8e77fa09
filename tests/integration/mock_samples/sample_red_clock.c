/*
 * Red twin of the clock's examples: a wait that nothing can ever end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/mock_clock.h>
#include <criterion/criterion.h>
#include <errno.h>

#include "sample_waits.h"

/* clock_fake: thread N waits for what can never come */
Test(red, wait_without_end)
{
    int err = 0;

    clock_fake();
    cr_expect_eq(waits_for_ever(&err), -1);
    cr_expect_eq(err, EDEADLK);
}

/* clock_advance_ms(-1): a clock does not go back */
Test(red, advance_backwards)
{
    clock_fake();
    (void)waits_time();
    clock_advance_ms(-1);
}

/* clock_advance_ms(9223372036854775807): further than 64 bits of nanoseconds reach */
Test(red, advance_beyond_counting)
{
    clock_fake();
    (void)waits_time();
    clock_advance_ms(INT64_MAX);
}
