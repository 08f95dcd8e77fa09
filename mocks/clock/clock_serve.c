/*
 * The functions libassay-clock.so stands in for: each is the fake while there is a page, else
 * libc's. clock_preload.map lists the same names.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <mqueue.h>

#include "mocks/clock/clock_priv.h"

/* TYPE name(params) passes args to the fake if needed, else the same as next_args to libc's. */
#define SERVE_IF(needed, type, name, params, args, next_args)                                      \
    __attribute__((visibility("default"))) type name params                                        \
    {                                                                                              \
        static __typeof__(type(*) params) next;                                                    \
        if (mk_clock_is_faked && (needed))                                                         \
            return mk_fake_##name args;                                                            \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        return next next_args;                                                                     \
    }
#define SERVE(type, name, params, args) SERVE_IF(true, type, name, params, args, args)
#define SERVE_FD(type, name, limit, params, args)                                                  \
    SERVE_IF(mk_clock_ends(fd, limit), type, name, params, args, args)
#define SERVE_TO(type, name, limit, params, args, next_args)                                       \
    SERVE_IF(mk_clock_ends(fd, limit), type, name, params, args, next_args)

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
SERVE(int, pthread_cond_signal, (pthread_cond_t *cond), (cond))
SERVE(int, pthread_cond_broadcast, (pthread_cond_t *cond), (cond))
SERVE(int, sem_timedwait, (sem_t *restrict semaphore, const struct timespec *restrict deadline),
      (semaphore, deadline))
SERVE(int, timespec_get, (struct timespec *out, int base), (out, base))
SERVE(int, thrd_sleep, (const struct timespec *wanted, struct timespec *left), (wanted, left))
SERVE(useconds_t, ualarm, (useconds_t value, useconds_t interval), (value, interval))
SERVE(int, getitimer, (__itimer_which_t which, struct itimerval *out), (which, out))
SERVE(int, timer_create, (clockid_t clock, struct sigevent *restrict event,
                          timer_t *restrict out), (clock, event, out))
SERVE(int, timer_settime, (timer_t id, int flags, const struct itimerspec *restrict wanted,
                           struct itimerspec *restrict old), (id, flags, wanted, old))
SERVE(int, timer_gettime, (timer_t id, struct itimerspec *out), (id, out))
SERVE(int, timer_getoverrun, (timer_t id), (id))
SERVE(int, timer_delete, (timer_t id), (id))
SERVE(int, epoll_pwait2, (int fd, struct epoll_event *events, int max,
                          const struct timespec *timeout, const sigset_t *mask),
      (fd, events, max, timeout, mask))
SERVE(int, sigsuspend, (const sigset_t *mask), (mask))
SERVE(int, sigwait, (const sigset_t *restrict set, int *restrict number), (set, number))
SERVE(int, sigwaitinfo, (const sigset_t *restrict set, siginfo_t *restrict info), (set, info))
SERVE(int, sigtimedwait, (const sigset_t *restrict set, siginfo_t *restrict info,
                          const struct timespec *restrict timeout), (set, info, timeout))
SERVE(int, sem_clockwait, (sem_t *restrict semaphore, clockid_t clock,
                           const struct timespec *restrict deadline), (semaphore, clock, deadline))
SERVE(int, cnd_timedwait, (cnd_t *restrict cond, mtx_t *restrict mutex,
                           const struct timespec *restrict deadline), (cond, mutex, deadline))
SERVE(int, mtx_timedlock, (mtx_t *restrict mutex, const struct timespec *restrict deadline),
      (mutex, deadline))
SERVE(int, pthread_mutex_timedlock, (pthread_mutex_t *restrict mutex,
                                     const struct timespec *restrict deadline), (mutex, deadline))
SERVE(int, pthread_mutex_clocklock, (pthread_mutex_t *restrict mutex, clockid_t clock,
                                     const struct timespec *restrict deadline),
      (mutex, clock, deadline))
SERVE(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *restrict lock,
                                        const struct timespec *restrict deadline),
      (lock, deadline))
SERVE(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *restrict lock,
                                        const struct timespec *restrict deadline),
      (lock, deadline))
SERVE(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t *restrict lock, clockid_t clock,
                                        const struct timespec *restrict deadline),
      (lock, clock, deadline))
SERVE(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t *restrict lock, clockid_t clock,
                                        const struct timespec *restrict deadline),
      (lock, clock, deadline))
SERVE(int, pthread_timedjoin_np, (pthread_t thread, void **result,
                                  const struct timespec *deadline), (thread, result, deadline))
SERVE(int, pthread_clockjoin_np, (pthread_t thread, void **result, clockid_t clock,
                                  const struct timespec *deadline),
      (thread, result, clock, deadline))
SERVE(ssize_t, mq_timedreceive, (mqd_t queue, char *restrict buf, size_t size,
                                 unsigned *restrict priority,
                                 const struct timespec *restrict deadline),
      (queue, buf, size, priority, deadline))
SERVE(int, mq_timedsend, (mqd_t queue, const char *buf, size_t size, unsigned priority,
                          const struct timespec *deadline), (queue, buf, size, priority, deadline))
SERVE(int, semtimedop, (int set, struct sembuf *operations, size_t count,
                        const struct timespec *timeout), (set, operations, count, timeout))
/* These only on descriptors that time ends: else libc's, which threads can be cancelled in. */
SERVE_FD(ssize_t, read, SO_RCVTIMEO, (int fd, void *buf, size_t count), (fd, buf, count))
SERVE_FD(ssize_t, readv, SO_RCVTIMEO, (int fd, const struct iovec *parts, int count),
         (fd, parts, count))
SERVE_FD(ssize_t, recv, SO_RCVTIMEO, (int fd, void *buf, size_t size, int flags),
         (fd, buf, size, flags))
SERVE_FD(ssize_t, recvmsg, SO_RCVTIMEO, (int fd, struct msghdr *message, int flags),
         (fd, message, flags))
SERVE_FD(ssize_t, write, SO_SNDTIMEO, (int fd, const void *buf, size_t count), (fd, buf, count))
SERVE_FD(ssize_t, writev, SO_SNDTIMEO, (int fd, const struct iovec *parts, int count),
         (fd, parts, count))
SERVE_FD(ssize_t, send, SO_SNDTIMEO, (int fd, const void *buf, size_t size, int flags),
         (fd, buf, size, flags))
SERVE_FD(ssize_t, sendmsg, SO_SNDTIMEO, (int fd, const struct msghdr *message, int flags),
         (fd, message, flags))
/* An address is a union of pointers in these. */
SERVE_TO(ssize_t, recvfrom, SO_RCVTIMEO,
         (int fd, void *restrict buf, size_t size, int flags, __SOCKADDR_ARG from,
          socklen_t *restrict from_size),
         (fd, buf, size, flags, from.__sockaddr__, from_size),
         (fd, buf, size, flags, from, from_size))
SERVE_TO(int, accept, SO_RCVTIMEO, (int fd, __SOCKADDR_ARG from, socklen_t *restrict from_size),
         (fd, from.__sockaddr__, from_size), (fd, from, from_size))
SERVE_TO(int, accept4, SO_RCVTIMEO,
         (int fd, __SOCKADDR_ARG from, socklen_t *restrict from_size, int flags),
         (fd, from.__sockaddr__, from_size, flags), (fd, from, from_size, flags))
SERVE_TO(int, connect, SO_SNDTIMEO, (int fd, __CONST_SOCKADDR_ARG to, socklen_t to_size),
         (fd, to.__sockaddr__, to_size), (fd, to, to_size))
SERVE_TO(ssize_t, sendto, SO_SNDTIMEO,
         (int fd, const void *buf, size_t size, int flags, __CONST_SOCKADDR_ARG to,
          socklen_t to_size),
         (fd, buf, size, flags, to.__sockaddr__, to_size), (fd, buf, size, flags, to, to_size))
/* clang-format on */

/*
 * _FORTIFY_SOURCE's forms: the compiler has checked the size where it could, and passes the
 * buffer's for the rest.
 */
#define FORTIFIED __attribute__((visibility("default")))
ssize_t __read_chk(int fd, void *buf, size_t count, size_t size);
FORTIFIED ssize_t __read_chk(int fd, void *buf, size_t count, size_t size)
{
    return read(fd, buf, count < size ? count : size);
}

ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags);
FORTIFIED ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags)
{
    return recv(fd, buf, count < size ? count : size, flags);
}

ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags,
                       struct sockaddr *from, socklen_t *from_size);
FORTIFIED ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags,
                                 struct sockaddr *from, socklen_t *from_size)
{
    return recvfrom(fd, buf, count < size ? count : size, flags, from, from_size);
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);
FORTIFIED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    size_t room = size / sizeof *fds;
    return poll(fds, count < room ? count : room, timeout_ms);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);
FORTIFIED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                          const sigset_t *mask, size_t size)
{
    size_t room = size / sizeof *fds;
    return ppoll(fds, count < room ? count : room, timeout, mask);
}
