/*
 * Who listens where, asked of the kernel over netlink (sock_diag(7)): works for any user, in any
 * container, in microseconds, and never by parsing what a server prints.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SOCK_DIAG_H
#define HARNESS_SERVER_SOCK_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/server/server_tree.h"
#include "profiler/base/buf.h"
#include "profiler/base/err.h"

struct hn_listener {
    uint64_t inode;
    uint16_t port;
    bool is_ipv6;
    bool is_wildcard; /* bound to every address: reachable from outside */
    pid_t pid;        /* who holds it; 0 until hn_listeners_owned */
};

enum { HN_LISTENERS_MAX = 4096 };

struct hn_listeners {
    struct hn_listener *at; /* free with hn_listeners_fini */
    size_t count;
};

/* One netlink answer (a sequence of struct nlmsghdr). *done is set at its last message. Pure. */
ASSAY_CHECKED
bool hn_listeners_parse(struct hn_listeners *out, struct pf_bytes answer, bool *done,
                        struct pf_err *err);

/* Every TCP listener of this network namespace, IPv4 and IPv6. */
ASSAY_CHECKED
bool hn_listeners_read(struct hn_listeners *out, struct pf_err *err);
void hn_listeners_fini(struct hn_listeners *listeners);

/* Keep those that a process of tree holds (by the inodes in /proc/PID/fd), in order of inode. */
void hn_listeners_owned(struct hn_listeners *listeners, const struct hn_proc_tree *tree);

/* Does any process of tree hold the socket? Its pid, or 0. */
pid_t hn_socket_holder(uint64_t inode, const struct hn_proc_tree *tree);

#endif
