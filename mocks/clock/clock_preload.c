/*
 * libassay-clock.so: a server's calls of time, answered from the page its test moves.
 *
 * Exactly the functions of clock_preload.map are exported. Without a page (ASSAY_CLOCK_PAGE unset)
 * everything is passed on to libc.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "assay/server_clock.h"
#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"

/*
 * The page is the test's to move. While it does (there is a target), the last of the server's
 * threads that comes to wait moves it on itself: that is far quicker than asking the test.
 */
bool mk_clock_may_jump(int self_slot, int64_t next_ns)
{
    return next_ns <= atomic_load(&mk_clock_page->target_ns)
           && mk_slots_others_wait(mk_clock_page, self_slot);
}

/* A wait without end is a server at rest. */
bool mk_clock_is_stuck(void)
{
    return false;
}

int mk_clock_grace_ms(void)
{
    return 0;
}

int mk_clock_hang_ms(void)
{
    return 0;
}

/* Follows the page: fires this process's timers and wakes its threads when the clock has moved. */
static void *follow(void *unused)
{
    uint32_t seen = atomic_load(&mk_clock_page->moves);
    uint32_t stacks = atomic_load(&mk_clock_page->stacks_wanted);

    (void)unused;
    for (;;) {
        mk_clock_moved();
        if (stacks != atomic_load(&mk_clock_page->stacks_wanted)) {
            stacks = atomic_load(&mk_clock_page->stacks_wanted);
            (void)fprintf(stderr, "stacks of process %d:\n", (int)getpid());
            mk_stacks_print_others();
            (void)fprintf(stderr, "end of stacks of process %d\n", (int)getpid());
        }
        (void)syscall(SYS_futex, &mk_clock_page->moves, FUTEX_WAIT, seen, NULL, NULL, 0);
        seen = atomic_load(&mk_clock_page->moves);
    }
    return NULL;
}

/* Once a process: a fork has lost its parent's. */
void mk_clock_joined(void)
{
    static _Atomic int follower_of;
    int process = (int)syscall(SYS_getpid);
    sigset_t all, saved;
    pthread_t thread;

    if (atomic_exchange(&follower_of, process) == process)
        return;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &saved);
    if (pthread_create(&thread, NULL, follow, NULL) == 0)
        (void)pthread_detach(thread);
    (void)pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

static struct mk_clock_page *map_page(int fd)
{
    struct stat st;
    struct mk_clock_page *page;

    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof *page)
        return NULL;
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED || page->magic != MK_CLOCK_MAGIC ? NULL : page;
}

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv(ASSAY_CLOCK_PAGE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        mk_clock_page = map_page(fd);
        (void)syscall(SYS_close, fd);
    }
    if (mk_clock_page) {
        /* From here on the test can see whether the program has come to wait. */
        mk_clock_register();
        (void)pthread_atfork(NULL, NULL, mk_clock_register);
        mk_clock_is_faked = true;
    } else if (path)
        (void)fprintf(stderr, "libassay-clock.so: %s: not a clock page, time is real\n", path);
}

/* TYPE name(params) passes args to the fake, or to libc's. */
#define SERVE(type, name, params, args)                                                            \
    __attribute__((visibility("default"))) type name params                                        \
    {                                                                                              \
        static __typeof__(type(*) params) next;                                                    \
        if (mk_clock_is_faked)                                                                     \
            return mk_fake_##name args;                                                            \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        return next args;                                                                          \
    }

/* clang-format off */
SERVE(time_t, time, (time_t *out), (out))
SERVE(int, clock_gettime, (clockid_t clock, struct timespec *out), (clock, out))
SERVE(int, gettimeofday, (struct timeval *restrict out, void *restrict zone), (out, zone))
SERVE(int, nanosleep, (const struct timespec *wanted, struct timespec *left), (wanted, left))
SERVE(int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *wanted,
                             struct timespec *left), (clock, flags, wanted, left))
SERVE(unsigned, sleep, (unsigned seconds), (seconds))
SERVE(int, usleep, (useconds_t usec), (usec))
SERVE(int, pause, (void), ())
SERVE(unsigned, alarm, (unsigned seconds), (seconds))
SERVE(int, setitimer, (__itimer_which_t which, const struct itimerval *restrict wanted,
                       struct itimerval *restrict old), (which, wanted, old))
SERVE(int, timerfd_create, (int clock, int flags), (clock, flags))
SERVE(int, timerfd_settime, (int fd, int flags, const struct itimerspec *wanted,
                             struct itimerspec *old), (fd, flags, wanted, old))
SERVE(int, timerfd_gettime, (int fd, struct itimerspec *out), (fd, out))
SERVE(int, poll, (struct pollfd *fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
SERVE(int, ppoll, (struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                   const sigset_t *mask), (fds, count, timeout, mask))
SERVE(int, select, (int count, fd_set *restrict reads, fd_set *restrict writes,
                    fd_set *restrict excepts, struct timeval *restrict timeout),
      (count, reads, writes, excepts, timeout))
SERVE(int, pselect, (int count, fd_set *restrict reads, fd_set *restrict writes,
                     fd_set *restrict excepts, const struct timespec *restrict timeout,
                     const sigset_t *restrict mask),
      (count, reads, writes, excepts, timeout, mask))
SERVE(int, epoll_wait, (int fd, struct epoll_event *events, int max, int timeout_ms),
      (fd, events, max, timeout_ms))
SERVE(int, epoll_pwait, (int fd, struct epoll_event *events, int max, int timeout_ms,
                         const sigset_t *mask), (fd, events, max, timeout_ms, mask))
SERVE(int, pthread_cond_timedwait, (pthread_cond_t *restrict cond,
                                    pthread_mutex_t *restrict mutex,
                                    const struct timespec *restrict deadline),
      (cond, mutex, deadline))
SERVE(int, pthread_cond_clockwait, (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                    clockid_t clock, const struct timespec *deadline),
      (cond, mutex, clock, deadline))
SERVE(int, sem_timedwait, (sem_t *restrict semaphore, const struct timespec *restrict deadline),
      (semaphore, deadline))
SERVE(ssize_t, read, (int fd, void *buf, size_t count), (fd, buf, count))
/* clang-format on */

/* _FORTIFY_SOURCE's form: the size was checked by the compiler where it could be. */
ssize_t __read_chk(int fd, void *buf, size_t count, size_t size);
__attribute__((visibility("default"))) ssize_t __read_chk(int fd, void *buf, size_t count,
                                                          size_t size)
{
    return read(fd, buf, count < size ? count : size);
}
