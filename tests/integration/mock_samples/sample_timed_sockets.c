/*
 * Calls on sockets with SO_RCVTIMEO or SO_SNDTIMEO.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sample_timed.h"

static void limit_pair(int sv[2], int option, int ms)
{
    struct timeval limit = {ms / 1000, 0};

    (void)!socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
    setsockopt(sv[0], SOL_SOCKET, option, &limit, sizeof limit);
}

static bool close_pair(int sv[2], bool ok)
{
    close(sv[0]);
    close(sv[1]);
    return ok;
}

bool way_recv(int ms)
{
    char byte;
    int sv[2];

    limit_pair(sv, SO_RCVTIMEO, ms);
    return close_pair(sv, recv(sv[0], &byte, 1, 0) == -1 && errno == EAGAIN
                              && write(sv[1], "x", 1) == 1 && recv(sv[0], &byte, 1, 0) == 1);
}

bool way_recvfrom(int ms)
{
    char byte;
    int sv[2];

    limit_pair(sv, SO_RCVTIMEO, ms);
    return close_pair(sv, recvfrom(sv[0], &byte, 1, 0, NULL, NULL) == -1 && errno == EAGAIN);
}

bool way_recvmsg(int ms)
{
    char byte;
    int sv[2];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    limit_pair(sv, SO_RCVTIMEO, ms);
    return close_pair(sv, recvmsg(sv[0], &message, 0) == -1 && errno == EAGAIN);
}

bool way_socket_read(int ms)
{
    char byte;
    int sv[2];

    limit_pair(sv, SO_RCVTIMEO, ms);
    return close_pair(sv, read(sv[0], &byte, 1) == -1 && errno == EAGAIN);
}

bool way_socket_readv(int ms)
{
    char byte;
    int sv[2];
    struct iovec part = {&byte, 1};

    limit_pair(sv, SO_RCVTIMEO, ms);
    return close_pair(sv, readv(sv[0], &part, 1) == -1 && errno == EAGAIN);
}

static bool accept_by(int ms, bool with_flags)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {ms / 1000, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)!bind(fd, (struct sockaddr *)&any, sizeof any);
    (void)!listen(fd, 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int got = with_flags ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : accept(fd, NULL, NULL);
    bool ok = got == -1 && errno == EAGAIN;
    close(fd);
    return ok;
}

bool way_accept(int ms)
{
    return accept_by(ms, false);
}

bool way_accept4(int ms)
{
    return accept_by(ms, true);
}

static char much[1 << 20];

bool way_send(int ms)
{
    int sv[2];

    limit_pair(sv, SO_SNDTIMEO, ms); /* a part goes, then the limit ends it */
    ssize_t sent = send(sv[0], much, sizeof much, MSG_NOSIGNAL);
    return close_pair(sv, sent > 0 && sent < (ssize_t)sizeof much);
}

bool way_socket_write(int ms)
{
    int sv[2];

    limit_pair(sv, SO_SNDTIMEO, ms);
    ssize_t sent = write(sv[0], much, sizeof much);
    return close_pair(sv, sent > 0 && sent < (ssize_t)sizeof much);
}

static void fill(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (write(fd, much, sizeof much) > 0)
        ;
    fcntl(fd, F_SETFL, flags);
}

bool way_sendmsg(int ms)
{
    int sv[2];
    struct iovec part = {much, sizeof much};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    limit_pair(sv, SO_SNDTIMEO, ms);
    fill(sv[0]);
    return close_pair(sv, sendmsg(sv[0], &message, 0) == -1 && errno == EAGAIN);
}

bool way_socket_writev(int ms)
{
    int sv[2];
    struct iovec part = {much, sizeof much};

    limit_pair(sv, SO_SNDTIMEO, ms);
    fill(sv[0]);
    return close_pair(sv, writev(sv[0], &part, 1) == -1 && errno == EAGAIN);
}

/* A listener with room for one: the next ones wait. */
bool way_connect(int ms)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {ms / 1000, 0};
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fds[3] = {-1, -1, -1};
    bool ok = false;

    (void)!bind(listener, (struct sockaddr *)&where, sizeof where);
    (void)!listen(listener, 0);
    getsockname(listener, (struct sockaddr *)&where, &size);
    for (int i = 0; i < 3 && !ok; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fds[i], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        ok = connect(fds[i], (struct sockaddr *)&where, size) == -1 && errno == EINPROGRESS;
    }
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    close(listener);
    return ok;
}
