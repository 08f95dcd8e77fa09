/*
 * The C library's own functions, whatever the binary under test calls by their names.
 *
 * A suite may define send(), fork() or read() itself, as hand-made fakes do, and such a definition
 * comes before the C library's for us, too: the runner would ask the fake to start its tests. So
 * the linker sends our calls here (--wrap, for this object alone), and from here they go to the
 * next definition after ours.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/preload/preload.h"

static bool has_sanitizer(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init")
           || dlsym(RTLD_DEFAULT, "__lsan_init");
}

static void *find(const char *name)
{
    void *first = has_sanitizer() ? dlsym(RTLD_DEFAULT, name) : NULL;

    return first ? first : hn_real(name);
}

/* One function: where it really is, and what our calls of it become. */
#define REAL(Type, Name, Params, Args)                                                             \
    static Type(*real_##Name) Params;                                                              \
    Type __wrap_##Name Params;                                                                     \
    Type __wrap_##Name Params                                                                      \
    {                                                                                              \
        if (!real_##Name)                                                                          \
            *(void **)&real_##Name = find(#Name);                                                  \
        return real_##Name Args;                                                                   \
    }

/* CMakeLists.txt has the same list. */
REAL(pid_t, fork, (void), ())
REAL(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage),
     (pid, status, options, usage))
REAL(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options))
REAL(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options))
REAL(int, kill, (pid_t pid, int number), (pid, number))
REAL(pid_t, getpid, (void), ())
REAL(pid_t, getppid, (void), ())
REAL(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
REAL(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
REAL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
REAL(ssize_t, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
REAL(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
REAL(int, open, (const char *path, int flags, ...), (path, flags)) /* we create nothing */
REAL(int, close, (int fd), (fd))
REAL(int, dup2, (int from, int to), (from, to))
REAL(int, poll, (struct pollfd * fds, nfds_t count, int wait_ms), (fds, count, wait_ms))
REAL(int, clock_gettime, (clockid_t clock, struct timespec *now), (clock, now))
REAL(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
REAL(int, sigaction, (int number, const struct sigaction *new, struct sigaction *old),
     (number, new, old))

#define FIND(Name) *(void **)&real_##Name = find(#Name)

/* Found before a signal handler asks: the search takes locks. */
__attribute__((constructor(101))) static void find_all(void)
{
    FIND(fork);
    FIND(wait4);
    FIND(waitpid);
    FIND(waitid);
    FIND(kill);
    FIND(getpid);
    FIND(getppid);
    FIND(send);
    FIND(recv);
    FIND(recvmsg);
    FIND(read);
    FIND(write);
    FIND(open);
    FIND(close);
    FIND(dup2);
    FIND(poll);
    FIND(clock_gettime);
    FIND(mmap);
    FIND(sigaction);
}
