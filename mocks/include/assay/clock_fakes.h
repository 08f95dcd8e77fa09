/*
 * The fake clock's versions of the calls that tell or wait for time, for generated wrappers and
 * libassay-clock.so. Each takes what the real one takes, fails as it fails, and calls the kernel or
 * libc where time is not what is asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_CLOCK_FAKES_H
#define ASSAY_CLOCK_FAKES_H

#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <threads.h>

#include "assay/mock_clock.h"

/* Telling it, fake_time.c. */
time_t mk_fake_time(time_t *out);
int mk_fake_clock_gettime(clockid_t clock, struct timespec *out);
int mk_fake_gettimeofday(struct timeval *out, void *zone);
int mk_fake_timespec_get(struct timespec *out, int base);

/* Sleeping, fake_sleep.c. */
int mk_fake_nanosleep(const struct timespec *wanted, struct timespec *left);
int mk_fake_clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                            struct timespec *left);
unsigned mk_fake_sleep(unsigned seconds);
int mk_fake_usleep(useconds_t usec);
int mk_fake_thrd_sleep(const struct timespec *wanted, struct timespec *left);
int mk_fake_pause(void);

/* Timers: clock_timers.c, fake_posix_timer.c. */
unsigned mk_fake_alarm(unsigned seconds);
int mk_fake_setitimer(__itimer_which_t which, const struct itimerval *wanted,
                      struct itimerval *old);
useconds_t mk_fake_ualarm(useconds_t value, useconds_t interval);
int mk_fake_getitimer(__itimer_which_t which, struct itimerval *out);
int mk_fake_timer_create(clockid_t clock, struct sigevent *event, timer_t *out);
int mk_fake_timer_settime(timer_t id, int flags, const struct itimerspec *wanted,
                          struct itimerspec *old);
int mk_fake_timer_gettime(timer_t id, struct itimerspec *out);
int mk_fake_timer_getoverrun(timer_t id);
int mk_fake_timer_delete(timer_t id);
int mk_fake_timerfd_create(int clock, int flags);
int mk_fake_timerfd_settime(int fd, int flags, const struct itimerspec *wanted,
                            struct itimerspec *old);
int mk_fake_timerfd_gettime(int fd, struct itimerspec *out);

/* Descriptors: fake_poll.c, fake_socket.c. */
ssize_t mk_fake_read(int fd, void *buf, size_t count);
int mk_fake_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int mk_fake_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *mask);
int mk_fake_select(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
                   struct timeval *timeout);
int mk_fake_pselect(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
                    const struct timespec *timeout, const sigset_t *mask);
int mk_fake_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int mk_fake_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms,
                        const sigset_t *mask);
int mk_fake_epoll_pwait2(int fd, struct epoll_event *events, int max,
                         const struct timespec *timeout, const sigset_t *mask);
ssize_t mk_fake_readv(int fd, const struct iovec *parts, int count);
ssize_t mk_fake_recv(int fd, void *buf, size_t size, int flags);
ssize_t mk_fake_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
                         socklen_t *from_size);
ssize_t mk_fake_recvmsg(int fd, struct msghdr *message, int flags);
int mk_fake_accept(int fd, struct sockaddr *from, socklen_t *from_size);
int mk_fake_accept4(int fd, struct sockaddr *from, socklen_t *from_size, int flags);
int mk_fake_connect(int fd, const struct sockaddr *to, socklen_t to_size);
ssize_t mk_fake_write(int fd, const void *buf, size_t count);
ssize_t mk_fake_writev(int fd, const struct iovec *parts, int count);
ssize_t mk_fake_send(int fd, const void *buf, size_t size, int flags);
ssize_t mk_fake_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
                       socklen_t to_size);
ssize_t mk_fake_sendmsg(int fd, const struct msghdr *message, int flags);

/* Signals, fake_signal.c. */
int mk_fake_sigsuspend(const sigset_t *mask);
int mk_fake_sigwait(const sigset_t *set, int *signal_number);
int mk_fake_sigwaitinfo(const sigset_t *set, siginfo_t *info);
int mk_fake_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);

/*
 * Threads: fake_cond.c, fake_lock.c. The first five take no time: signals are counted for who waits
 * with a limit; who waits without one is told when nobody can ever end it.
 */
int mk_fake_pthread_cond_signal(pthread_cond_t *cond);
int mk_fake_pthread_cond_broadcast(pthread_cond_t *cond);
int mk_fake_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int mk_fake_sem_wait(sem_t *semaphore);
int mk_fake_pthread_join(pthread_t thread, void **result);
int mk_fake_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *deadline);
int mk_fake_pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *deadline);
int mk_fake_sem_timedwait(sem_t *semaphore, const struct timespec *deadline);
int mk_fake_sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);
int mk_fake_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *deadline);
int mk_fake_pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline);
int mk_fake_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                    const struct timespec *deadline);
int mk_fake_mtx_timedlock(mtx_t *mutex, const struct timespec *deadline);
int mk_fake_pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *deadline);
int mk_fake_pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *deadline);
int mk_fake_pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                       const struct timespec *deadline);
int mk_fake_pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                       const struct timespec *deadline);
int mk_fake_pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline);
int mk_fake_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                 const struct timespec *deadline);

/* Between processes, fake_ipc.c. A message queue is a descriptor (mq_overview(7)). */
ssize_t mk_fake_mq_timedreceive(int queue, char *buf, size_t size, unsigned *priority,
                                const struct timespec *deadline);
int mk_fake_mq_timedsend(int queue, const char *buf, size_t size, unsigned priority,
                         const struct timespec *deadline);
int mk_fake_semtimedop(int set, struct sembuf *operations, size_t count,
                       const struct timespec *timeout);

#endif
