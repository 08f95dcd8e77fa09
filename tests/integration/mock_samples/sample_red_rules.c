/*
 * Red twins of the rules: each must fail, with the reason that stands above it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sample_asks.h"
#include "sample_conn.h"

static char text[8];

static ssize_t answer(int fd, void *buf, size_t count)
{
    (void)fd, (void)buf, (void)count;
    return 0;
}

/* mock_send: called out of order: this is position 2, next due is position 1, mock_recv */
Test(red, fakes_in_another_order)
{
    in_order
    {
        mock_recv(.ret = 3);
        mock_send(.ret = 6);
    }
    mock_connect();
    proxy_handshake("/run/proxy");
}

/* mock_write: called out of order: this is position 1, met before it is position 2, mock_read */
Test(red, fake_met_again_too_late)
{
    in_order
    {
        mock_write(.ret = 1);
        mock_read(.ret = 1);
    }
    asks_write(-1, "a", 1);
    asks_read(-1, text, 1);
    asks_write(-1, "a", 1);
}

/* spy_read: met 0 times, expected 1: the nearest call had fd = -1, wanted IS 99 */
Test(red, spy_of_other_calls_that_are_counted)
{
    spy_read(.fd = IS(99), .with_count = 1);
    asks_read(-1, text, 4);
    cr_assert_eq(read_calls(), 1);
}

/* fail_read: .ret, .call, .with_ and .out_ would do nothing */
Test(red, failure_that_fills)
{
    fail_read(.err = EAGAIN, .out_buf = BYTES("abc"));
}

/* mock_read: .out_ would do nothing: a call that fails stores nothing */
Test(red, error_that_fills)
{
    mock_read(.err = EAGAIN, .out_buf = BYTES("abc"));
}

/* the same, with the failure value given */
Test(red, result_of_an_error_that_fills)
{
    mock_read(.ret = -1, .err = EAGAIN, .out_buf = BYTES("abc"));
}

/* mock_read: .ret, .err and .out_ would do nothing: .call answers */
Test(red, fake_with_an_answer_beside_it)
{
    mock_read(.call = answer, .ret = 3);
}

/* mock_read: .nth is one call, .times more */
Test(red, nth_of_several_times)
{
    mock_read(.ret = 1, .nth = 2, .times = 3);
}

/* fail_read: .percent is of 100 calls */
Test(red, more_than_always)
{
    fail_read(.err = EIO, .percent = 150);
}

/* fail_read: met 0 times, expected 1: read was wrapped but never called */
Test(red, chance_that_no_call_had)
{
    fail_read(.err = EIO, .percent = 30);
}

/* fault_plan: no call met it */
Test(red, plan_by_chance_that_no_call_had)
{
    fault_plan(.err = EIO, .functions = "read", .percent = 30);
}

/* fault_plan: wrtie is not wrapped */
Test(red, plan_with_a_typo)
{
    fault_plan(.err = EIO, .functions = "read, wrtie", .optional = true);
}

/* fault_plan: poll does not report this error */
Test(red, plan_that_half_its_functions_ignore)
{
    fault_plan(.err = EIO, .functions = "read poll");
    asks_read(-1, text, 1);
}

/* fault_plan: fread never moves fewer bytes than asked without a reason */
Test(red, plan_to_cut_a_stream)
{
    fault_plan(.short_bytes = 1, .functions = "fread");
}

/* fault_plan: .percent is of 100 calls */
Test(red, plan_of_more_than_always)
{
    fault_plan(.err = EIO, .functions = "read", .percent = 101);
}

/* wanted IS 0x... (this pointer; STR compares text) */
Test(red, pointer_in_place_of_text)
{
    mock_open(.pathname = IS("/etc/hosts"), .ret = 5);
    (void)asks_open(strcpy(text, "/etc"));
}
