/*
 * Where the server will listen: the three ways of assay/server.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/server.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/server/server_start.h"

/* A TCP socket bound to 127.0.0.1:port, port 0 for any. */
static int bind_loopback(uint16_t port, uint16_t *bound, struct pf_err *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
        && bind(fd, (struct sockaddr *)&address, size) == 0
        && getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *bound = ntohs(address.sin_port);
        return fd;
    }
    (void)pf_err_sys(err, errno, "127.0.0.1: no port can be bound");
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static void release(struct hn_supervisor *sup)
{
    if (sup->listen_fd >= 0)
        (void)close(sup->listen_fd);
    sup->listen_fd = -1;
}

static bool own_port(struct hn_supervisor *sup, struct pf_err *err)
{
    if (sup->listen_fd >= 0)
        return true; /* a restart: the same socket, so nobody was refused meanwhile */
    int fd = bind_loopback(0, &sup->port, err);
    if (fd < 0)
        return false;
    if (listen(fd, SOMAXCONN) != 0) {
        int why = errno;
        (void)close(fd);
        return pf_err_sys(err, why, "127.0.0.1:%u: listen", sup->port);
    }
    sup->listen_fd = fd;
    return true;
}

/*
 * A bound socket that does not listen reserves the port: the kernel gives it to nobody who asks for
 * any port, yet a server that sets SO_REUSEADDR (nearly all do) may bind and listen on it.
 */
static bool reserve_port(struct hn_supervisor *sup, struct pf_err *err)
{
    if (sup->port != 0)
        return true; /* a restart keeps it */
    sup->listen_fd = bind_loopback(0, &sup->port, err);
    if (sup->listen_fd < 0)
        return false;
    if (!sup->may_reserve)
        release(sup);
    return true;
}

bool hn_start_port(struct hn_supervisor *sup, struct pf_err *err)
{
    switch ((enum assay_port)sup->spec.port_mode) {
    case ASSAY_PORT_FD:
        return own_port(sup, err);
    case ASSAY_PORT_FIXED:
        return reserve_port(sup, err);
    case ASSAY_PORT_ZERO:
        sup->port = 0;
        return true;
    case ASSAY_PORT_UNIX:
        (void)snprintf(sup->shared->socket_path, sizeof sup->shared->socket_path, "%s/socket",
                       sup->tmp);
        (void)unlink(sup->shared->socket_path);
        return true;
    }
    return pf_err_set(err, PF_ERR_USAGE, "server %s: no such .port", sup->spec.name);
}
