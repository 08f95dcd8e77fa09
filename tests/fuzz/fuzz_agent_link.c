/*
 * Any messages, with and without descriptors, on a call to the agents' host.
 *
 * Input: a byte that says whether a descriptor is sent along, two of size, that many of message;
 * and so on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "profiler/attach/agent_host.h"

enum { MESSAGES_MAX = 8, SOMEBODY = 0x3ffffff };

static const struct pf_region_sizes sizes = {
    .leaf_count = 1, .pc_count = 64, .module_count = 2, .thread_count = 4, .work_bytes = 4096};

static void open_once(struct pf_agent_host *host)
{
    struct pf_err err = {0};

    if (host->token[0])
        return;
    if (!pf_agent_host_open(host, &sizes, &err))
        abort();
    memset(host->token, '0', PF_HANDSHAKE_TOKEN);
}

/* As accepted: what the kernel says of a caller is not for the fuzzer to choose. */
static bool begin_call(struct pf_agent_host *host, int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) != 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = ends[0]};
    if (epoll_ctl(host->poll_fd, EPOLL_CTL_ADD, ends[0], &event) != 0)
        abort();
    host->calls = realloc(host->calls, sizeof *host->calls);
    host->call_capacity = host->call_count = 1;
    host->calls[0] = (struct pf_agent_call){.fd = ends[0], .pid = SOMEBODY};
    return true;
}

static void send_one(int to, const uint8_t *bytes, size_t size, bool has_fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (has_fd) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &to, sizeof to);
    }
    (void)sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pf_agent_host host;
    int ends[2];

    open_once(&host);
    if (!begin_call(&host, ends))
        return 0;
    for (unsigned i = 0; i < MESSAGES_MAX && size >= 3; i++) {
        size_t length = data[1] | (size_t)data[2] << 8;
        length = length < size - 3 ? length : size - 3;
        send_one(ends[1], data + 3, length, data[0] & 1);
        pf_agent_host_serve(&host);
        data += 3 + length;
        size -= 3 + length;
    }
    (void)close(ends[1]);
    pf_agent_host_serve(&host);
    if (host.call_count != 0)
        abort(); /* a call that is over is not dropped */
    pf_agent_host_forget(&host, SOMEBODY);
    return 0;
}
