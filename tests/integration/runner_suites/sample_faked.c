/*
 * Fakes made by hand: the functions are the test's own, for everybody in the process.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned calls;

#define FAKE(Type, Name, Params)                                                                   \
    Type Name Params                                                                               \
    {                                                                                              \
        calls++;                                                                                   \
        errno = ENOSYS;                                                                            \
        return (Type)-1;                                                                           \
    }

FAKE(pid_t, fork, (void))
FAKE(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage))
FAKE(pid_t, waitpid, (pid_t pid, int *status, int options))
FAKE(int, kill, (pid_t pid, int number))
FAKE(pid_t, getpid, (void))
FAKE(pid_t, getppid, (void))
FAKE(ssize_t, send, (int fd, const void *bytes, size_t size, int flags))
FAKE(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
FAKE(ssize_t, recv, (int fd, void *bytes, size_t size, int flags))
FAKE(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
FAKE(ssize_t, read, (int fd, void *bytes, size_t size))
FAKE(ssize_t, write, (int fd, const void *bytes, size_t size))
FAKE(int, open, (const char *path, int flags, ...))
FAKE(int, close, (int fd))
FAKE(int, dup2, (int from, int to))
FAKE(int, poll, (struct pollfd * fds, nfds_t count, int wait_ms))
FAKE(int, epoll_wait, (int fd, struct epoll_event *events, int count, int wait_ms))
FAKE(int, clock_gettime, (clockid_t clock, struct timespec *now))
FAKE(int, socket, (int family, int type, int protocol))
FAKE(int, sigaction, (int number, const struct sigaction *new, struct sigaction *old))

Test(faked, passes)
{
    calls = 0;
    cr_assert_eq(send(1, "x", 1, 0), -1);
    cr_assert_eq(fork(), -1);
    cr_assert_eq(calls, 2);
}

Test(faked, fails)
{
    printf("what it printed\n");
    cr_assert_neq(recv(0, NULL, 0, 0), -1, "it is a fake");
}

Test(faked, crashes)
{
    *(volatile int *)8 = 1;
}

Test(faked, spins, .timeout = 0.3)
{
    for (volatile int i = 0;; i++)
        ;
}
