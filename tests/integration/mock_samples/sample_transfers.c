/*
 * Short transfers of every kind, and the buffers of calls in the log. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_asks.h"

static int sv[2];
static char text[16];

static void connect_pair(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

TestSuite(transfers, .init = connect_pair);

static void expect_pending(const char *bytes)
{
    char got[16] = "";

    cr_assert_eq(recv(sv[1], got, sizeof got - 1, MSG_DONTWAIT), (ssize_t)strlen(bytes));
    cr_assert_str_eq(got, bytes);
}

Test(transfers, arrays_of_buffers_are_cut_between_and_inside_them)
{
    fault_plan(.short_bytes = 6, .functions = "writev", .times = 1);
    fault_plan(.short_bytes = 3, .functions = "writev");
    cr_assert_eq(asks_writev(sv[0], "abcdefgh"), 6);
    expect_pending("abcdef");
    cr_assert_eq(asks_writev(sv[0], "abcdefgh"), 3);
    expect_pending("abc");
}

Test(transfers, arrays_are_filled_in_part)
{
    cr_assert_eq(send(sv[1], "abcdefgh", 8, 0), 8);
    fault_plan(.short_bytes = 5, .functions = "readv");
    cr_assert_eq(asks_readv(sv[0], text), 5);
    cr_assert_str_eq(text, "abcde");
}

Test(transfers, messages_are_cut)
{
    int flags = -1;

    fault_plan(.short_bytes = 5, .functions = "sendmsg,recvmsg");
    cr_assert_eq(asks_sendmsg(sv[0], "abcdefgh"), 5);
    cr_assert_eq(asks_sendmsg(sv[1], "12345678"), 5);
    expect_pending("abcde");
    cr_assert_eq(asks_recvmsg(sv[0], text, &flags), 5);
    cr_assert_str_eq(text, "12345");
    cr_assert_eq(flags, 0);
}

/* The kernel's words about a message stand in the caller's own. */
Test(transfers, what_a_cut_message_says_reaches_its_caller)
{
    int pair[2], flags = 0;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    cr_assert_eq(send(pair[1], "abcdefgh", 8, 0), 8);
    fault_plan(.short_bytes = 5, .functions = "recvmsg");
    cr_assert_eq(asks_recvmsg(pair[0], text, &flags), 5);
    cr_assert_eq(flags, MSG_TRUNC);
}

Test(transfers, files_are_sent_in_part)
{
    int file = memfd_create("file", MFD_CLOEXEC);

    cr_assert_eq(pwrite(file, "abcdefgh", 8, 0), 8);
    fault_plan(.short_bytes = 3);
    cr_assert_eq(asks_sendfile(sv[0], file, 8), 3);
    expect_pending("abc");
    cr_assert_eq(asks_sendfile(sv[0], file, 2), 2);
}

Test(transfers, an_address_is_logged_as_long_as_it_is)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = 7}, got;
    socklen_t size = sizeof got;

    mock_accept4(.ret = 9, .out_addr = OBJECT(peer));
    cr_assert_eq(asks_accept(3, &got, &size), 9);
    cr_assert_eq(accept4_call(0)->addr_bytes.size, sizeof peer);
    cr_assert_arr_eq(accept4_call(0)->addr_bytes.at, &peer, sizeof peer);
    cr_assert_eq(asks_accept(3, NULL, NULL), 9);
    cr_assert_eq(accept4_call(1)->addr_bytes.size, 0);
}

/* The kernel says how long the name is, though there was room for less. */
Test(transfers, a_name_is_logged_as_far_as_there_was_room)
{
    sa_family_t family = 0;
    socklen_t size = 1;

    spy_getsockname();
    cr_assert_eq(asks_name(sv[0], &family, &size), 0);
    cr_assert_eq(size, sizeof family);
    cr_assert_eq(getsockname_call(0)->addr_bytes.size, 1);
    cr_assert_eq(asks_name(-1, &family, &size), -1);
    cr_assert_eq(getsockname_call(1)->addr_bytes.size, 0);
}

Test(transfers, both_buffers_of_a_call_are_logged)
{
    struct sockaddr_in peer = {.sin_family = AF_INET}, got;

    mock_recvfrom(.out_buf = BYTES("hello"), .out_src_addr = OBJECT(peer));
    cr_assert_eq(asks_recvfrom(-1, text, sizeof text, &got), 5);
    cr_assert_eq(recvfrom_call(0)->buf_bytes.size, 5);
    cr_assert_eq(recvfrom_call(0)->src_addr_bytes.size, sizeof peer);
}

Test(transfers, an_option_is_logged)
{
    int type = 0;

    spy_getsockopt();
    cr_assert_eq(asks_type(sv[0], &type), 0);
    cr_assert_eq(getsockopt_call(0)->optval_bytes.size, sizeof type);
    cr_assert_eq(*(const int *)getsockopt_call(0)->optval_bytes.at, SOCK_STREAM);
}

Test(transfers, text_is_logged_to_its_end)
{
    char name[256];
    FILE *file = fmemopen("line\nnext", 9, "r");

    spy_getcwd();
    spy_fgets();
    cr_assert_eq(chdir("/tmp"), 0);
    cr_assert_not_null(asks_directory(name, sizeof name));
    cr_assert_eq(getcwd_call(0)->buf_bytes.size, 4);
    cr_assert_arr_eq(getcwd_call(0)->buf_bytes.at, "/tmp", 4);
    cr_assert_null(asks_directory(name, 2));
    cr_assert_eq(getcwd_call(1)->buf_bytes.size, 0);
    cr_assert_not_null(asks_line(name, sizeof name, file));
    cr_assert_eq(fgets_call(0)->s_bytes.size, 5);
    fclose(file);
}

/* As the real ones do: a pointer to the text, which has its NUL. */
Test(transfers, a_faked_text_is_returned)
{
    char name[] = "................";

    mock_getcwd(.out_buf = BYTES("/x"));
    mock_fgets(.out_s = BYTES("line\n"));
    cr_assert_eq(asks_directory(name, sizeof name), name);
    cr_assert_str_eq(name, "/x");
    cr_assert_eq(asks_line(name, sizeof name, stdin), name);
    cr_assert_str_eq(name, "line\n");
}

Test(transfers, items_are_logged_whole)
{
    spy_poll();
    cr_assert_eq(send(sv[1], "x", 1, 0), 1);
    cr_assert_eq(asks_poll(sv[0]), 1);
    cr_assert_eq(poll_call(0)->fds_bytes.size, sizeof(struct pollfd));
    cr_assert_eq(((const struct pollfd *)poll_call(0)->fds_bytes.at)->revents, POLLIN);
}
