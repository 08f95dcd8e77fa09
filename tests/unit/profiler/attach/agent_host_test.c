/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_host.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct pf_region_sizes small = {
    .leaf_count = 1, .pc_count = 64, .module_count = 2, .thread_count = 4, .work_bytes = 4096};

static struct pf_agent_host host;

static void open_host(void)
{
    struct pf_err err = {0};

    cr_assert(pf_agent_host_open(&host, &small, &err), "%s", err.text);
}

static void close_host(void)
{
    pf_agent_host_close(&host);
}

TestSuite(agent_host, .init = open_host, .fini = close_host);

static int call(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(host.address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(name.sun_path + 1, host.address, size);
    cr_assert_eq(connect(fd, (struct sockaddr *)&name,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size)),
                 0);
    return fd;
}

static struct pf_hello hello(void)
{
    struct pf_hello said = {.magic = PF_HANDSHAKE_MAGIC,
                            .version = PF_HANDSHAKE_VERSION,
                            .reason = PF_HELLO_START,
                            .pid = (uint32_t)getpid()};

    memcpy(said.token, host.token, sizeof said.token);
    return said;
}

static void say(int fd, const void *message, size_t size)
{
    cr_assert_eq(send(fd, message, size, MSG_NOSIGNAL), (ssize_t)size);
    pf_agent_host_serve(&host); /* takes the call */
    pf_agent_host_serve(&host); /* hears it */
}

/* The descriptor that came with the answer, -1 if none. */
static int hear(int fd, struct pf_welcome *welcome)
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
    int carried = -1;

    if (recvmsg(fd, &message, MSG_DONTWAIT) != (ssize_t)sizeof *welcome)
        return -1;
    if (CMSG_FIRSTHDR(&message))
        memcpy(&carried, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof carried);
    return carried;
}

Test(agent_host, a_caller_with_the_token_is_given_a_region)
{
    struct pf_hello said = hello();
    struct pf_welcome welcome = {0};
    int fd = call();

    say(fd, &said, sizeof said);

    int region_fd = hear(fd, &welcome);
    cr_expect(welcome.is_accepted);
    cr_expect_geq(region_fd, 0);
    cr_assert_eq(host.process_count, 1);
    cr_expect(pf_region_check(host.processes[0].region, host.processes[0].region_bytes));
    (void)close(region_fd);
    (void)close(fd);
}

Test(agent_host, a_caller_without_the_token_is_given_nothing)
{
    struct pf_hello said = hello();
    struct pf_welcome welcome = {0};
    int fd = call();

    said.token[0] ^= 1;
    say(fd, &said, sizeof said);

    cr_expect_eq(hear(fd, &welcome), -1);
    cr_expect_eq(host.process_count, 0);
    (void)close(fd);
}

Test(agent_host, what_a_server_writes_over_the_layout_changes_nothing_here)
{
    struct pf_hello said = hello();
    struct pf_welcome welcome = {0};
    int fd = call();

    say(fd, &said, sizeof said);
    int region_fd = hear(fd, &welcome);
    void *theirs = mmap(NULL, PF_REGION_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, region_fd, 0);
    cr_assert_neq(theirs, MAP_FAILED);
    memset(theirs, 0xff, PF_REGION_PAGE);

    const struct pf_agent_process *process = &host.processes[0];
    cr_expect(pf_region_check(process->region, process->region_bytes));
    cr_expect_eq(process->region->sizes.thread_count, small.thread_count);
    (void)munmap(theirs, PF_REGION_PAGE);
    (void)close(region_fd);
    (void)close(fd);
}
