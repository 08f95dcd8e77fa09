/*
 * Red twins of the fault plans: plans that would show nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>

#include "sample_conn.h"
#include "sample_db.h"

/* fault_plan: no call met it */
Test(red, plan_that_meets_no_call)
{
    fault_plan(.err = EINTR);
}

/* fault_plan: no wrapped function it names reports this error */
Test(red, plan_for_nobody)
{
    fault_plan(.err = EMFILE, .functions = "write");
}

/* fault_plan: a fault is .err or .short_bytes */
Test(red, plan_of_nothing)
{
    fault_plan(.times = 3);
}

/* mock_read: .with_ would do nothing */
Test(red, fake_with_altered_arguments)
{
    mock_read(.with_count = 1);
}
