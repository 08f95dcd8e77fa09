/*
 * Red twins of the examples: each must fail, with the reason that stands above it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_conn.h"
#include "sample_db.h"

static struct conn c;

static void fresh(void)
{
    c = (struct conn){.fd = 7};
}

TestSuite(red, .init = fresh);

/* mock_read: met 0 times, expected 1: read was wrapped but never called in this test */
Test(red, mock_never_met)
{
    mock_read(.ret = 0);
}

/* seq_read: met 0 times: 2 calls, three answers */
Test(red, sequence_not_used_up)
{
    seq_read({.out_buf = BYTES("GET / HTTP/1.1\r\n\r\n")}, {.err = EINTR});
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
}

/* expect_send: the nearest call, from conn_refuse, had flags = 16384, wanted BITS 0x1 */
Test(red, expectation_with_other_arguments)
{
    expect_send(.sockfd = IS(7), .flags = BITS(MSG_OOB), .ret = 64);
    mock_send(.ret = 1);
    mock_close();
    conn_refuse(&c);
}

/* read_call(5): there were only 1 calls of read */
Test(red, call_that_was_not_made)
{
    mock_read(.ret = 0);
    conn_pump(&c);
    (void)read_call(5)->ret;
}

/* The code is wrong: the other four bytes were never written */
Test(red, write_that_does_not_go_on)
{
    int sv[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    spy_write(.with_count = 1);
    cr_assert_eq(conn_write_carelessly(sv[0], "hello", 5), 0);
    cr_assert_eq(write_calls(), 5, "the other four bytes were never written");
}

/* write_calls(): nobody watches write */
Test(red, count_nobody_keeps)
{
    cr_expect_eq(write_calls(), 0);
}

/* spy_write: .ret, .err and .call would do nothing */
Test(red, spy_that_answers)
{
    spy_write(.ret = 1);
}

/* fail_malloc: met 0 times: 3 calls fit it */
Test(red, failure_that_never_came)
{
    fail_malloc(.nth = 4, .err = ENOMEM);
    db_close(db_open("/dev/null"));
}

/* fail_malloc: EPIPE is not an error it reports */
Test(red, failure_that_cannot_be)
{
    fail_malloc(.err = EPIPE);
}

/* expect_send: called out of order: this is position 2, next due is position 1, expect_connect */
Test(red, wrong_order)
{
    in_order
    {
        expect_recv(.out_buf = BYTES("OK\n"));
        expect_send(.ret = 6);
        expect_connect();
    }
    proxy_handshake("/run/proxy");
}

/* strict(close): unexpected call to close from proxy_handshake */
Test(red, strict_close)
{
    mock_connect(.ret = -1, .err = ECONNREFUSED);
    strict(close);
    proxy_handshake("/run/proxy");
}

/* forbid(connect): unexpected call to connect from proxy_handshake */
Test(red, forbidden_connect)
{
    forbid(connect);
    proxy_handshake("/run/proxy");
}

/* EXPECT_EXIT(4): it ended with 3 */
Test(red, exit_with_another_code)
{
    EXPECT_EXIT(4)
    {
        db_die("no space", 3);
    }
}

/* EXPECT_EXIT(0): the body did not end the process */
Test(red, exit_that_does_not_come)
{
    EXPECT_EXIT(0)
    {
        fresh();
    }
}

/* mock_read: .out_buf has 5000 bytes, the caller's buffer only 4096 */
Test(red, answer_that_does_not_fit)
{
    static const char much[5000];

    mock_read(.out_buf = BYTES_OF(much, sizeof much), .times = 1);
    conn_pump(&c);
}

/* mock_exit: exit does not return, and there is no EXPECT_EXIT */
Test(red, mocked_exit_without_a_way_back)
{
    mock_exit();
    db_die("no way", 1);
}
