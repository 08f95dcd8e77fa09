/*
 * Rules in order, rules within rules, and what a test asserts by them. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_asks.h"
#include "sample_conn.h"

static int sv[2];

static void connect_pair(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

TestSuite(rules, .init = connect_pair);

Test(rules, fakes_have_an_order)
{
    in_order
    {
        mock_connect();
        mock_send(.ret = 6);
        mock_recv(.out_buf = BYTES("OK\n"));
    }
    cr_assert_eq(proxy_handshake("/run/proxy"), 0);
}

/* One that may be met more than once is passed when the next is met. */
Test(rules, spies_have_an_order)
{
    char text[4];

    in_order
    {
        spy_write();
        spy_read();
        spy_close();
    }
    cr_assert_eq(asks_write(sv[0], "a", 1), 1);
    cr_assert_eq(asks_write(sv[0], "bc", 2), 2);
    cr_assert_eq(asks_read(sv[1], text, sizeof text), 3);
    struct conn c = {.fd = sv[0]};
    cr_assert_eq(conn_refuse(&c), 0);
}

Test(rules, answers_have_an_order)
{
    char text[4];

    in_order
    {
        seq_read({.ret = 1}, {.ret = 2});
        expect_write(.ret = 1);
        fail_send(.err = EPIPE);
    }
    cr_assert_eq(asks_read(-1, text, sizeof text), 1);
    cr_assert_eq(asks_read(-1, text, sizeof text), 2);
    cr_assert_eq(asks_write(-1, "a", 1), 1);
    struct conn c = {.fd = -1};
    cr_assert_eq(conn_refuse(&c), -1);
}

static ssize_t answer_zz(int fd, void *buf, size_t count)
{
    (void)fd, (void)count;
    return snprintf(buf, 3, "zz");
}

static char asked[3];

/* Calls a function that has a .call of its own, then its own, which is real in here. */
static ssize_t ask_first(int fd, const void *buf, size_t count)
{
    asks_read(fd, asked, sizeof asked);
    return asks_write(fd, buf, count);
}

Test(rules, a_fake_calls_what_another_fakes)
{
    char text[4] = "";

    mock_read(.call = answer_zz, .times = 1);
    mock_write(.call = ask_first);
    cr_assert_eq(asks_write(sv[0], "hi", 2), 2);
    cr_assert_str_eq(asked, "zz");
    cr_assert_eq(asks_read(sv[1], text, sizeof text), 2);
    cr_assert_str_eq(text, "hi");
}

Test(rules, an_errno_beside_a_result_leaves_the_answer_whole)
{
    char text[4] = "";

    mock_read(.ret = 3, .err = EAGAIN, .out_buf = BYTES("abc"));
    cr_assert_eq(asks_read(-1, text, sizeof text), 3);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_str_eq(text, "abc");
}

Test(rules, a_spy_that_says_nothing_may_be_asked_only)
{
    spy_read();
    cr_assert_eq(read_calls(), 0);
}

#ifdef __SANITIZE_ADDRESS__
static const bool is_asked_first = true; /* AddressSanitizer looks before the kernel does */
#else
static const bool is_asked_first = false;
#endif

/* Where nobody is, the real function says EFAULT. */
Test(rules, a_bad_pointer_is_the_function_s_to_refuse)
{
    if (is_asked_first)
        return;

    const void *nowhere = (const void *)(size_t)8;
    socklen_t size = 16;

    expect_write(.buf = MEM("hello", 5), .optional = true);
    expect_open(.pathname = STR("/etc"), .optional = true);
    cr_assert_eq(asks_write(sv[0], nowhere, 5), -1);
    cr_assert_eq(errno, EFAULT);
    cr_assert_eq(write_call(0)->buf_bytes.size, 0);
    cr_assert_eq(asks_open(nowhere), -1);
    cr_assert_eq(errno, EFAULT);
    spy_getsockname(.addrlen = CAPTURE(&(void *){NULL}));
    cr_assert_eq(asks_name(sv[0], (void *)(size_t)8, &size), -1);
    cr_assert_eq(errno, EFAULT);
    cr_assert_eq(asks_name(sv[0], asked, (socklen_t *)(size_t)8), -1);
    cr_assert_eq(errno, EFAULT);
}

/* It holds: that is asserted, as an expectation that is met is. */
Test(demands, alone_are_an_assertion)
{
    forbid(connect);
}

Test(rules, chance_needs_calls_not_luck)
{
    fail_write(.err = EIO, .percent = 1);
    fault_plan(.err = EINTR, .functions = "read", .percent = 1);
    (void)asks_write(sv[0], "a", 1);
    (void)asks_read(sv[1], asked, 1);
}
