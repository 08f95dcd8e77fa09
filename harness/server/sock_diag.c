/* SPDX-License-Identifier: MIT */
#include "harness/server/sock_diag.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "profiler/base/arena.h"

enum { ANSWER_BYTES = 32768, ERRNO_MAX = 4095 };

static void add(struct hn_listeners *out, const struct inet_diag_msg *msg)
{
    static const uint8_t any[16];
    size_t address_size = msg->idiag_family == AF_INET6 ? 16 : 4;

    if (out->count >= HN_LISTENERS_MAX)
        return;
    /* Grows by powers of two: the capacity is implied by the count. */
    if ((out->count & (out->count - 1)) == 0)
        out->at = pf_mem_resize(out->at, out->count ? out->count * 2 : 1, sizeof *out->at);
    out->at[out->count++] = (struct hn_listener){
        .inode = msg->idiag_inode,
        .port = ntohs(msg->id.idiag_sport),
        .is_ipv6 = msg->idiag_family == AF_INET6,
        .is_wildcard = memcmp(msg->id.idiag_src, any, address_size) == 0,
    };
}

static bool refused(struct pf_bytes payload, struct pf_err *err)
{
    struct nlmsgerr why = {0};

    if (payload.size >= sizeof why)
        memcpy(&why, payload.at, sizeof why);
    bool is_errno = why.error < 0 && why.error >= -ERRNO_MAX;
    return pf_err_sys(err, is_errno ? -why.error : EPROTO,
                      "sock_diag: the kernel does not list listeners");
}

bool hn_listeners_parse(struct hn_listeners *out, struct pf_bytes answer, bool *done,
                        struct pf_err *err)
{
    size_t at = 0;

    while (answer.size - at >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr head;
        memcpy(&head, (const char *)answer.at + at, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > answer.size - at)
            return pf_err_set(err, PF_ERR_FORMAT, "sock_diag: message of %u bytes in %zu",
                              head.nlmsg_len, answer.size - at);

        struct pf_bytes payload =
            pf_bytes_part(answer, at + sizeof head, head.nlmsg_len - sizeof head);
        struct inet_diag_msg msg;
        if (head.nlmsg_type == NLMSG_DONE) {
            *done = true;
            return true;
        }
        if (head.nlmsg_type == NLMSG_ERROR)
            return refused(payload, err);
        if (head.nlmsg_type == SOCK_DIAG_BY_FAMILY && payload.size >= sizeof msg) {
            memcpy(&msg, payload.at, sizeof msg);
            add(out, &msg);
        }
        size_t step = NLMSG_ALIGN(head.nlmsg_len);
        at += step < answer.size - at ? step : answer.size - at;
    }
    return true;
}

static bool ask(int fd, uint8_t family, struct pf_err *err)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = 1u << TCP_LISTEN},
    };

    if (send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request)
        return pf_err_sys(err, errno, "sock_diag: send");
    return true;
}

static bool read_family(struct hn_listeners *out, int fd, uint8_t family, struct pf_err *err)
{
    _Alignas(8) char answer[ANSWER_BYTES];
    bool done = false;

    if (!ask(fd, family, err))
        return false;
    while (!done) {
        ssize_t size = recv(fd, answer, sizeof answer, 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return pf_err_sys(err, size < 0 ? errno : EPROTO, "sock_diag: receive");
        if (!hn_listeners_parse(out, (struct pf_bytes){answer, (size_t)size}, &done, err))
            return false;
    }
    return true;
}

bool hn_listeners_read(struct hn_listeners *out, struct pf_err *err)
{
    struct hn_listeners all = {0};
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return pf_err_sys(err, errno, "sock_diag: socket");
    bool ok = read_family(&all, fd, AF_INET, err) && read_family(&all, fd, AF_INET6, err);
    (void)close(fd);
    if (!ok) {
        hn_listeners_fini(&all);
        return false;
    }
    *out = all;
    return true;
}

void hn_listeners_fini(struct hn_listeners *listeners)
{
    free(listeners->at);
    *listeners = (struct hn_listeners){0};
}

/* Calls for every socket inode a process has open, until one call returns true. */
typedef bool (*inode_visitor)(void *context, uint64_t inode, pid_t pid);

static bool visit_sockets(pid_t pid, inode_visitor visit, void *context)
{
    char path[64];
    char target[64];
    bool stopped = false;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    for (struct dirent *entry = readdir(dir); entry && !stopped; entry = readdir(dir)) {
        ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (size <= 0)
            continue;
        target[size] = '\0';
        if (strncmp(target, "socket:[", 8) == 0)
            stopped = visit(context, strtoull(target + 8, NULL, 10), pid);
    }
    (void)closedir(dir);
    return stopped;
}

static bool claim(void *context, uint64_t inode, pid_t pid)
{
    struct hn_listeners *listeners = context;

    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->at[i].inode == inode && listeners->at[i].pid == 0)
            listeners->at[i].pid = pid;
    return false;
}

static int by_inode(const void *a, const void *b)
{
    const struct hn_listener *left = a;
    const struct hn_listener *right = b;

    return (left->inode > right->inode) - (left->inode < right->inode);
}

void hn_listeners_owned(struct hn_listeners *listeners, const struct hn_proc_tree *tree)
{
    size_t kept = 0;

    for (size_t i = 0; i < tree->count; i++)
        (void)visit_sockets(tree->at[i].pid, claim, listeners);
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->at[i].pid != 0)
            listeners->at[kept++] = listeners->at[i];
    listeners->count = kept;
    if (kept > 0)
        qsort(listeners->at, kept, sizeof *listeners->at, by_inode);
}

static bool is_inode(void *context, uint64_t inode, pid_t pid)
{
    (void)pid;
    return *(const uint64_t *)context == inode;
}

pid_t hn_socket_holder(uint64_t inode, const struct hn_proc_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (visit_sockets(tree->at[i].pid, is_inode, &inode))
            return tree->at[i].pid;
    return 0;
}
