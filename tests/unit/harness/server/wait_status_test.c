/* SPDX-License-Identifier: MIT */
#include "harness/server/wait_status.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>

Test(wait_status, says_how_a_process_ended)
{
    char text[96];

    hn_wait_status_text(text, sizeof text, W_EXITCODE(3, 0));
    cr_assert_str_eq(text, "exited with status 3");
    hn_wait_status_text(text, sizeof text, W_EXITCODE(0, SIGSEGV));
    cr_assert_str_eq(text, "was ended by signal 11 (Segmentation fault)");
    cr_assert_eq(hn_wait_status_shell(W_EXITCODE(3, 0)), 3);
    cr_assert_eq(hn_wait_status_shell(W_EXITCODE(0, SIGKILL)), 137);
}
