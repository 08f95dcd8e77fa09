/* SPDX-License-Identifier: MIT */
#include "profiler/base/fd_pass.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

bool pf_fds_send(int to, struct pf_bytes message, const int *fds, unsigned count, int flags)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PF_FDS_PASSED_MAX)];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)message.at, .iov_len = message.size};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    assert(count <= PF_FDS_PASSED_MAX);
    if (count > 0) {
        head.msg_control = &control;
        head.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&head);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
    }
    do
        sent = sendmsg(to, &head, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)message.size;
}
