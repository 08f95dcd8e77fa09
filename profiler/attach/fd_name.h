/*
 * What a file descriptor of another process is: a path, a pipe, a socket and its peer.
 *
 * Source: proc(5), proc_pid_fd(5), and /proc/net/{tcp,tcp6,udp,udp6,unix} as the kernel prints
 * them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_FD_NAME_H
#define PROFILER_ATTACH_FD_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"

/*
 * "/var/log/x.log", "pipe:[812]", "tcp 10.0.0.1:6379 from 10.0.0.7:51324", "tcp listening on
 * 0.0.0.0:6379", "unix /run/x.sock". Empty if it cannot be read or is not open.
 */
void pf_fd_name(pid_t pid, int fd, char *out, size_t size);

/* The line of a socket table that has this inode, as text; false if none has. For tests: table is
 * "tcp", "tcp6", "udp", "udp6" or "unix". */
bool pf_socket_name(struct pf_bytes text, const char *table, uint64_t inode, char *out,
                    size_t size);

#endif
