/* SPDX-License-Identifier: MIT */
#include "sample_conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum conn_state conn_pump(struct conn *conn)
{
    for (;;) {
        size_t room = sizeof conn->in - conn->in_size;
        ssize_t got = read(conn->fd, conn->in + conn->in_size, room);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN ? CONN_OPEN : CONN_ERROR;
        if (got == 0)
            return CONN_CLOSED;
        conn->in_size += (size_t)got;
        if (memmem(conn->in, conn->in_size, "\r\n\r\n", 4))
            return CONN_REQUEST;
        if (conn->in_size == sizeof conn->in)
            return CONN_TOO_LARGE;
    }
}

int conn_refuse(struct conn *conn)
{
    static const char text[] = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n";

    if (send(conn->fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
        return -1;
    return close(conn->fd);
}

ssize_t conn_respond(struct conn *conn, const char *body, size_t size)
{
    char head[128];
    int head_size =
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    struct iovec parts[2] = {{head, (size_t)head_size}, {(void *)(size_t)body, size}};

    return writev(conn->fd, parts, 2);
}

int conn_write_all(int fd, const char *buf, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, buf, size);
        if (put < 0)
            return -1;
        buf += put;
        size -= (size_t)put;
    }
    return 0;
}

int conn_write_carelessly(int fd, const char *buf, size_t size)
{
    return write(fd, buf, size) < 0 ? -1 : 0;
}

int conn_accept_some(int listener, int *fds, int max)
{
    int count = 0;

    while (count < max) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno != EMFILE)
            break;
        fds[count++] = fd;
    }
    return count;
}

int proxy_handshake(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char answer[16];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int status = -1;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0
        && send(fd, "HELLO\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, answer, sizeof answer, 0) == 3
        && memcmp(answer, "OK\n", 3) == 0)
        status = 0;
    close(fd);
    return status;
}
