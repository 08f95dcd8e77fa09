/*
 * The examples of docs/mocks.md, as a user writes them. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_conn.h"
#include "sample_db.h"

Test(http, eof_on_first_read)
{
    struct conn c = {.fd = 7};

    mock_read(.ret = 0);
    cr_assert_eq(conn_pump(&c), CONN_CLOSED);
}

Test(http, header_in_pieces)
{
    struct conn c = {.fd = 7};

    seq_read({.out_buf = BYTES("GE")}, {.err = EINTR}, {.out_buf = BYTES("T / HTTP/1.1\r\n\r\n")});
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(read_calls(), 3);
    cr_assert_eq(read_call(0)->buf_bytes.size, 2);
    cr_assert_arr_eq(read_call(0)->buf_bytes.at, "GE", 2);
    cr_assert_eq(read_call(1)->err, EINTR);
}

Test(http, sends_413)
{
    struct conn c = {.fd = 7};

    expect_send(.sockfd = IS(c.fd), .buf = MEM("HTTP/1.1 413", 12), .flags = BITS(MSG_NOSIGNAL),
                .ret = 64);
    mock_close(.fd = IS(7));
    cr_assert_eq(conn_refuse(&c), 0);
}

Test(http, content_length_is_body_size)
{
    struct conn c = {.fd = -1};
    char body[512] = "";
    int sv[2], n = 0;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    c.fd = sv[0];
    spy_writev(.iovcnt = CAPTURE(&n));
    conn_respond(&c, body, sizeof body);
    cr_assert_eq(n, 2);
    cr_assert_eq(writev_call(0)->ret, 512
                                          + (ssize_t)strlen("HTTP/1.1 200 OK\r\nContent-Length: "
                                                            "512\r\n\r\n"));
}

Test(http, byte_at_a_time)
{
    int sv[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    spy_write(.with_count = 1);
    cr_assert_eq(conn_write_all(sv[0], "hello", 5), 0);
    cr_assert_eq(write_calls(), 5);
}

Test(db, third_alloc_fails_cleanly)
{
    fail_malloc(.nth = 3, .err = ENOMEM);
    cr_assert_null(db_open("/dev/null"));
}

Test(proxy, handshake_order)
{
    in_order
    {
        expect_connect(.sockfd = ANY);
        expect_send(.buf = MEM("HELLO\n", 6), .ret = 6);
        expect_recv(.out_buf = BYTES("OK\n"));
    }
    forbid(write);
    spy_close();
    strict(close);
    cr_assert_eq(proxy_handshake("/run/proxy"), 0);
}

Test(db, dies_with_its_code)
{
    EXPECT_EXIT(3)
    {
        db_die("no space", 3);
    }
}
