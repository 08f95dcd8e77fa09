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

/* fault_plan: write does not report this error */
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

/* the handler of EMFILE is missing: the plan shows it */
Test(red, descriptors_run_out_and_nobody_cares)
{
    int fds[1];

    fault_plan(.err = EMFILE, .functions = "accept");
    cr_assert_eq(conn_accept_some(-1, fds, 1), 0, "it took EMFILE for a connection");
}

/* fault_plan: no call met it: there were only two */
Test(red, the_third_call_never_came)
{
    fault_plan(.err = ENOMEM, .functions = "malloc", .nth = 9);
    db_close(db_open("/dev/null"));
}

/* fault_plan: a caller nobody is called */
Test(red, a_caller_with_another_name)
{
    fault_plan(.err = ENOMEM, .functions = "malloc", .caller = "db_opne");
    db_close(db_open("/dev/null"));
}
