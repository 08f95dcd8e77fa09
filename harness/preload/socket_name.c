/*
 * A socket as people know it: kind, address, port.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness/preload/preload.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
    struct sockaddr_storage room;
};

static int option_of(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static void name_local(const struct sockaddr_un *address, size_t size, char *out, size_t room)
{
    size_t length = size > offsetof(struct sockaddr_un, sun_path)
                        ? size - offsetof(struct sockaddr_un, sun_path)
                        : 0;

    if (length && !address->sun_path[0])
        (void)snprintf(out, room, "unix @%.*s", (int)length - 1, address->sun_path + 1);
    else
        (void)snprintf(out, room, "unix %.*s", (int)length, address->sun_path);
}

static uint16_t name_address(int fd, int type, char *out, size_t room)
{
    union address address = {0};
    socklen_t size = sizeof address;
    const char *kind = type == SOCK_DGRAM ? "udp" : "tcp";
    char text[INET6_ADDRSTRLEN] = "";
    uint16_t port = 0;

    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    if (address.any.sa_family == AF_INET) {
        port = ntohs(address.v4.sin_port);
        (void)inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
        (void)snprintf(out, room, "%s %s:%u", kind, text, port);
    } else if (address.any.sa_family == AF_INET6) {
        port = ntohs(address.v6.sin6_port);
        (void)inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
        (void)snprintf(out, room, "%s [%s]:%u", kind, text, port);
    } else if (address.any.sa_family == AF_UNIX) {
        name_local(&address.local, size, out, room);
    }
    return port;
}

static bool has_peer(int fd)
{
    union address address;
    socklen_t size = sizeof address;

    return getpeername(fd, &address.any, &size) == 0;
}

bool hn_socket_serves(int fd, char *name, size_t room)
{
    int type = option_of(fd, SO_TYPE);

    if (type < 0)
        return false;
    uint16_t port = name_address(fd, type, name, room);
    if (option_of(fd, SO_ACCEPTCONN) > 0) {
        (void)strncat(name, " (listening)", room - strlen(name) - 1);
        return true;
    }
    if (type != SOCK_DGRAM || !port || has_peer(fd))
        return false;
    (void)strncat(name, " (bound)", room - strlen(name) - 1);
    return true;
}
