/* SPDX-License-Identifier: MIT */
#include "profiler/base/err.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(err, system_errors_are_classified_and_named)
{
    struct pf_err err = {0};

    cr_assert_not(pf_err_sys(&err, EACCES, "%s", "file"));
    cr_assert_eq(err.code, PF_ERR_DENIED);
    cr_assert_eq(err.sys_errno, EACCES);
    cr_assert_str_eq(err.text, "file: Permission denied");
}

Test(err, context_is_prepended)
{
    struct pf_err err = {0};

    cr_assert_not(pf_err_set(&err, PF_ERR_FORMAT, "table ends past section"));
    cr_assert_not(pf_err_prepend(&err, "libc.so.%d", 6));
    cr_assert_str_eq(err.text, "libc.so.6: table ends past section");
}

Test(err, long_context_is_cut_not_overrun)
{
    struct pf_err err = {0};

    (void)pf_err_set(&err, PF_ERR_FORMAT, "%600s", "x");
    (void)pf_err_prepend(&err, "%600s", "y");
    cr_assert_lt(strlen(err.text), sizeof err.text);
}

Test(err, exit_statuses_follow_the_contract)
{
    cr_assert_eq(pf_err_exit_status(PF_ERR_NONE), 0);
    cr_assert_eq(pf_err_exit_status(PF_ERR_USAGE), 2);
    cr_assert_eq(pf_err_exit_status(PF_ERR_FORMAT), 2);
    cr_assert_eq(pf_err_exit_status(PF_ERR_DENIED), 3);
}
