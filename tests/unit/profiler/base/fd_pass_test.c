/* SPDX-License-Identifier: MIT */
#include "profiler/base/fd_pass.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct pf_bytes HELLO = {"hello", 5};

Test(fd_pass, a_message_arrives_with_its_descriptors)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PF_FDS_PASSED_MAX)];
    } control = {0};
    char text[16] = "";
    struct iovec part = {text, sizeof text};
    struct msghdr head = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
    int ends[2], pipe_ends[2], got[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    cr_assert_eq(pipe(pipe_ends), 0);
    cr_assert(pf_fds_send(ends[0], HELLO, pipe_ends, 2, 0));

    cr_assert_eq(recvmsg(ends[1], &head, 0), 5);
    struct cmsghdr *header = CMSG_FIRSTHDR(&head);
    cr_assert_not_null(header);
    cr_assert_eq(header->cmsg_len, CMSG_LEN(sizeof got));
    memcpy(got, CMSG_DATA(header), sizeof got);
    cr_expect_str_eq(text, "hello");
    cr_expect_eq(write(got[1], "x", 1), 1);
    cr_expect_eq(read(pipe_ends[0], text, 1), 1);
}

Test(fd_pass, nobody_at_the_other_end_is_an_error_and_no_signal)
{
    int ends[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    (void)close(ends[1]);

    cr_expect_not(pf_fds_send(ends[0], HELLO, NULL, 0, 0));
    (void)close(ends[0]);
}
