/*
 * Reads and writes that end by time: of a timerfd, and of sockets with SO_RCVTIMEO or SO_SNDTIMEO.
 *
 * Such a call first waits, by the virtual clock, until it need not wait; then the real one is made.
 * Without a time limit of the socket's, the real one is made at once.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

static bool is_blocking(int fd)
{
    int saved = errno;
    long flags = syscall(SYS_fcntl, fd, F_GETFL);

    errno = saved;
    return flags >= 0 && !(flags & O_NONBLOCK);
}

/* Does fd have this limit? option: SO_RCVTIMEO or SO_SNDTIMEO. */
static bool has_limit(int fd, int option, int64_t *deadline_ns)
{
    struct timeval limit = {0};
    socklen_t size = sizeof limit;
    int saved = errno;
    bool is_set = syscall(SYS_getsockopt, fd, SOL_SOCKET, option, &limit, &size) == 0
                  && (limit.tv_sec > 0 || limit.tv_usec > 0);

    errno = saved;
    if (!is_set || !is_blocking(fd))
        return false;
    const struct timespec span = {limit.tv_sec, limit.tv_usec * 1000};
    *deadline_ns = mk_clock_deadline_after(mk_ns_of(&span));
    return true;
}

bool mk_clock_ends(int fd, int option)
{
    int64_t deadline_ns;

    return has_limit(fd, option, &deadline_ns)
           || (option == SO_RCVTIMEO && mk_timers_is_timer(fd) && is_blocking(fd));
}

/* True: go on with the real call. False: the limit has passed (EAGAIN), or a signal came. */
static bool await(int fd, int option, int flags)
{
    short events = option == SO_RCVTIMEO ? POLLIN : POLLOUT;
    int64_t deadline_ns;

    if ((flags & MSG_DONTWAIT) || !has_limit(fd, option, &deadline_ns))
        return true;
    int got = mk_clock_await_fd(fd, events, deadline_ns);
    if (got == 0)
        errno = EAGAIN;
    return got > 0;
}

static bool await_read(int fd)
{
    if (mk_timers_is_timer(fd))
        return !is_blocking(fd) || mk_clock_await_fd(fd, POLLIN, MK_NEVER) > 0;
    return await(fd, SO_RCVTIMEO, 0);
}

ssize_t mk_fake_read(int fd, void *buf, size_t count)
{
    return await_read(fd) ? syscall(SYS_read, fd, buf, count) : -1;
}

ssize_t mk_fake_readv(int fd, const struct iovec *parts, int count)
{
    return await_read(fd) ? syscall(SYS_readv, fd, parts, count) : -1;
}

ssize_t mk_fake_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
                         socklen_t *from_size)
{
    if (!await(fd, SO_RCVTIMEO, flags))
        return -1;
    return syscall(SYS_recvfrom, fd, buf, size, flags, from, from_size);
}

ssize_t mk_fake_recv(int fd, void *buf, size_t size, int flags)
{
    return mk_fake_recvfrom(fd, buf, size, flags, NULL, NULL);
}

ssize_t mk_fake_recvmsg(int fd, struct msghdr *message, int flags)
{
    return await(fd, SO_RCVTIMEO, flags) ? syscall(SYS_recvmsg, fd, message, flags) : -1;
}

int mk_fake_accept4(int fd, struct sockaddr *from, socklen_t *from_size, int flags)
{
    return await(fd, SO_RCVTIMEO, 0) ? (int)syscall(SYS_accept4, fd, from, from_size, flags) : -1;
}

int mk_fake_accept(int fd, struct sockaddr *from, socklen_t *from_size)
{
    return mk_fake_accept4(fd, from, from_size, 0);
}

/* A stream takes what it has room for, again and again, and may end with a part of it. */
static ssize_t send_stream(int fd, const char *buf, size_t size, int flags)
{
    size_t sent = 0;

    while (sent < size) {
        ssize_t got =
            syscall(SYS_sendto, fd, buf + sent, size - sent, flags | MSG_DONTWAIT, NULL, 0);
        if (got >= 0)
            sent += (size_t)got;
        else if (errno != EAGAIN || !await(fd, SO_SNDTIMEO, flags))
            return sent ? (ssize_t)sent : -1;
    }
    return (ssize_t)sent;
}

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0
           && type == SOCK_STREAM;
}

ssize_t mk_fake_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
                       socklen_t to_size)
{
    int64_t deadline_ns;

    if ((flags & MSG_DONTWAIT) || !has_limit(fd, SO_SNDTIMEO, &deadline_ns))
        return syscall(SYS_sendto, fd, buf, size, flags, to, to_size);
    if (!to && size && is_stream(fd))
        return send_stream(fd, buf, size, flags);
    return await(fd, SO_SNDTIMEO, flags) ? syscall(SYS_sendto, fd, buf, size, flags, to, to_size)
                                         : -1;
}

ssize_t mk_fake_send(int fd, const void *buf, size_t size, int flags)
{
    return mk_fake_sendto(fd, buf, size, flags, NULL, 0);
}

ssize_t mk_fake_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return await(fd, SO_SNDTIMEO, flags) ? syscall(SYS_sendmsg, fd, message, flags) : -1;
}

ssize_t mk_fake_write(int fd, const void *buf, size_t count)
{
    int64_t deadline_ns;

    return has_limit(fd, SO_SNDTIMEO, &deadline_ns) ? mk_fake_send(fd, buf, count, 0)
                                                    : syscall(SYS_write, fd, buf, count);
}

ssize_t mk_fake_writev(int fd, const struct iovec *parts, int count)
{
    return await(fd, SO_SNDTIMEO, 0) ? syscall(SYS_writev, fd, parts, count) : -1;
}

/* 0, or an error number: of a connection that was begun without waiting. */
static int await_connection(int fd, int64_t deadline_ns)
{
    int err = 0;
    socklen_t size = sizeof err;
    int got = mk_clock_await_fd(fd, POLLOUT, deadline_ns);

    if (got < 0)
        return errno;
    if (got == 0)
        return EINPROGRESS; /* as the kernel's limit ends (socket(7)) */
    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &err, &size) == 0 ? err : errno;
}

int mk_fake_connect(int fd, const struct sockaddr *to, socklen_t to_size)
{
    int64_t deadline_ns;

    if (!has_limit(fd, SO_SNDTIMEO, &deadline_ns))
        return (int)syscall(SYS_connect, fd, to, to_size);
    long flags = syscall(SYS_fcntl, fd, F_GETFL);
    (void)syscall(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
    int err = syscall(SYS_connect, fd, to, to_size) == 0 ? 0 : errno;
    (void)syscall(SYS_fcntl, fd, F_SETFL, flags);
    if (err == EINPROGRESS)
        err = await_connection(fd, deadline_ns);
    else if (err == EAGAIN) /* a Unix socket's full backlog: nothing to wait for but the call */
        return (int)syscall(SYS_connect, fd, to, to_size);
    if (!err)
        return 0;
    errno = err;
    return -1;
}
