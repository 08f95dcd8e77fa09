/* SPDX-License-Identifier: MIT */
#include "profiler/agent/collector_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "profiler/trace/region.h"

/* A server may start with 0, 1 or 2 closed; those are not for us to take. */
static int keep_above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(fd);
    return moved;
}

int ag_connect(const char *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strnlen(address, sizeof name.sun_path - 1);
    struct timeval limit = {.tv_sec = PF_HANDSHAKE_TIMEOUT_S};

    int fd = keep_above_standard(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return -1;
    memcpy(name.sun_path + 1, address, size); /* a leading NUL: the abstract namespace, unix(7) */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    socklen_t name_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    if (connect(fd, (struct sockaddr *)&name, name_size) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* The answer, and the descriptor it carries in *region_fd, -1 if none. */
static bool receive(int fd, struct pf_welcome *welcome, int *region_fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = welcome, .iov_len = sizeof *welcome};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got;

    do
        got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
    *region_fd = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
        && header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(region_fd, CMSG_DATA(header), sizeof *region_fd);
    return got == (ssize_t)sizeof *welcome && welcome->magic == PF_HANDSHAKE_MAGIC
           && welcome->version == PF_HANDSHAKE_VERSION && welcome->is_accepted && *region_fd >= 0;
}

static struct pf_region *map_region(int fd, uint64_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

    if (at == MAP_FAILED)
        return NULL;
    if (!pf_region_check(at, size)) {
        (void)munmap(at, size);
        errno = EPROTO;
        return NULL;
    }
    (void)madvise(at, size, MADV_DONTDUMP);
    (void)madvise(at, size, MADV_DONTFORK);
    return at;
}

static struct pf_region *converse(int fd, const struct pf_hello *hello, uint32_t *flags)
{
    struct pf_welcome welcome;
    struct pf_region *region = NULL;
    int region_fd;

    if (send(fd, hello, sizeof *hello, MSG_NOSIGNAL) != (ssize_t)sizeof *hello)
        return NULL;
    if (receive(fd, &welcome, &region_fd))
        region = map_region(region_fd, welcome.region_bytes);
    *flags = region ? welcome.flags : 0;
    struct pf_mapped mapped = {.magic = PF_HANDSHAKE_MAGIC, .sys_errno = region ? 0 : errno};
    (void)send(fd, &mapped, sizeof mapped, MSG_NOSIGNAL);
    if (region_fd >= 0)
        (void)close(region_fd);
    return region;
}

struct pf_region *ag_link(const char *address, const struct pf_hello *hello, uint32_t *flags)
{
    int fd = ag_connect(address);

    if (fd < 0)
        return NULL;
    struct pf_region *region = converse(fd, hello, flags);
    (void)close(fd);
    return region;
}
