/* SPDX-License-Identifier: MIT */
#include "profiler/agent/collector_probe.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "profiler/agent/raw_call_x86_64.h"

enum { SOCKET_KIND = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK };

bool ag_collector_is_gone(const char *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = 0;

    for (; size < sizeof name.sun_path - 1 && address[size]; size++)
        name.sun_path[1 + size] = address[size]; /* a leading NUL: the abstract namespace */
    long fd = AG_RAW_CALL(SYS_socket, AF_UNIX, SOCKET_KIND, 0);
    if (fd < 0)
        return false;
    long result = AG_RAW_CALL(SYS_connect, (uintptr_t)fd, (uintptr_t)&name,
                              offsetof(struct sockaddr_un, sun_path) + 1 + size);
    (void)AG_RAW_CALL(SYS_close, (uintptr_t)fd);
    return result == -ECONNREFUSED;
}
