/* SPDX-License-Identifier: MIT */
#include "sample_asks.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t asks_read(int fd, void *buf, size_t size)
{
    return read(fd, buf, size);
}

ssize_t asks_write(int fd, const void *buf, size_t size)
{
    return write(fd, buf, size);
}

int asks_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void halve(struct iovec parts[2], const char *text)
{
    parts[0] = (struct iovec){(void *)(size_t)text, 4};
    parts[1] = (struct iovec){(void *)(size_t)(text + 4), 4};
}

ssize_t asks_writev(int fd, const char *text)
{
    struct iovec parts[2];

    halve(parts, text);
    return writev(fd, parts, 2);
}

ssize_t asks_readv(int fd, char *text)
{
    struct iovec parts[2];

    halve(parts, text);
    return readv(fd, parts, 2);
}

ssize_t asks_sendmsg(int fd, const char *text)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    halve(parts, text);
    return sendmsg(fd, &message, 0);
}

ssize_t asks_recvmsg(int fd, char *text, int *flags)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    halve(parts, text);
    ssize_t got = recvmsg(fd, &message, 0);
    *flags = message.msg_flags;
    return got;
}

ssize_t asks_sendfile(int to, int from, size_t size)
{
    return sendfile(to, from, NULL, size);
}

size_t asks_fread(FILE *file, char *text, size_t size)
{
    return fread(text, 1, size, file);
}

int asks_accept(int fd, struct sockaddr_in *addr, socklen_t *size)
{
    return accept4(fd, (struct sockaddr *)addr, size, SOCK_CLOEXEC);
}

int asks_name(int fd, void *addr, socklen_t *size)
{
    return getsockname(fd, addr, size);
}

ssize_t asks_recvfrom(int fd, void *buf, size_t size, struct sockaddr_in *addr)
{
    socklen_t addr_size = sizeof *addr;

    return recvfrom(fd, buf, size, 0, (struct sockaddr *)addr, &addr_size);
}

int asks_type(int fd, int *type)
{
    socklen_t size = sizeof *type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &size);
}

char *asks_directory(char *buf, size_t size)
{
    return getcwd(buf, size);
}

char *asks_line(char *buf, int size, FILE *file)
{
    return fgets(buf, size, file);
}

int asks_poll(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0);
}
