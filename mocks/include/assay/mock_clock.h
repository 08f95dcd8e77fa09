/*
 * A clock the test moves: an hour of timers in milliseconds.
 *
 *     assay_wrap(my_tests CLOCK)          # every call of time, sleep and wait the code makes
 *
 *     clock_fake(.mono_ms = 1000);
 *     clock_advance_ms(59999);
 *
 * From clock_fake() to the end of the test these tell and wait for virtual time, in every thread:
 * time, clock_gettime, gettimeofday, nanosleep, clock_nanosleep, sleep, usleep, pause, timerfd_*,
 * epoll_wait, epoll_pwait, poll, ppoll, select, pselect, pthread_cond_timedwait,
 * pthread_cond_clockwait, sem_timedwait, setitimer, alarm; and read, of a timerfd.
 * CPU-time clocks stay real.
 *
 * Waiting. What is ready is returned at once. With nothing ready,
 *   - in the thread that called clock_fake, or when every thread that ever waited is waiting: the
 *     clock jumps to the next deadline of anybody's (timeout, timerfd, alarm);
 *   - in another thread: it waits until the clock is advanced past its deadline.
 * A wait that nothing can ever end fails the test with the stacks of all threads and returns -1
 * with EDEADLK; the third such wait aborts the test.
 *
 * Data that other processes send takes real time: .grace_ms is how long (real) a wait looks for it
 * before the clock jumps.
 *
 * Times in milliseconds. A fake timerfd is an eventfd: it may be polled and read (8 bytes), but
 * fstat or /proc show what it is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_CLOCK_H
#define ASSAY_MOCK_CLOCK_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct assay_clock {
    struct mk_named_arguments_only *assay_;
    int64_t mono_ms; /* CLOCK_MONOTONIC at the start; 0: as it is */
    int64_t wall_ms; /* since 1970; 0: as it is */
    int grace_ms;    /* real; 0: none */
    int hang_ms;     /* real: no thread moves and the clock stands, 0: 5000 */
};

void assay_clock_fake(const char *file, int line, const struct assay_clock *start);
/* Move it, through every deadline on the way; returns when the threads this woke wait again. */
void assay_clock_advance_ms(int64_t ms);
/* Until so many threads wait by this clock, for at most 5 real seconds: true if they do. */
bool assay_clock_await(int threads);
int64_t assay_clock_now_ms(void);      /* CLOCK_MONOTONIC, virtual */
int64_t assay_clock_wall_now_ms(void); /* CLOCK_REALTIME, virtual */

#define ASSAY_CLOCK_FAKE(...)                                                                      \
    assay_clock_fake(__FILE__, __LINE__, &(const struct assay_clock){.assay_ = 0, __VA_ARGS__})

#ifndef ASSAY_LONG_NAMES
#define clock_fake(...) ASSAY_CLOCK_FAKE(__VA_ARGS__)
#define clock_advance_ms(ms) assay_clock_advance_ms(ms)
#define clock_await(threads) assay_clock_await(threads)
#define clock_now_ms() assay_clock_now_ms()
#define clock_wall_now_ms() assay_clock_wall_now_ms()
#endif

/* For generated wrappers: the fake while the clock is faked, else the real function. */
extern bool mk_clock_is_faked;

time_t mk_fake_time(time_t *out);
int mk_fake_clock_gettime(clockid_t clock, struct timespec *out);
int mk_fake_gettimeofday(struct timeval *out, void *zone);
int mk_fake_nanosleep(const struct timespec *wanted, struct timespec *left);
int mk_fake_clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                            struct timespec *left);
unsigned mk_fake_sleep(unsigned seconds);
int mk_fake_usleep(useconds_t usec);
int mk_fake_pause(void);
unsigned mk_fake_alarm(unsigned seconds);
int mk_fake_setitimer(__itimer_which_t which, const struct itimerval *wanted,
                      struct itimerval *old);
int mk_fake_timerfd_create(int clock, int flags);
int mk_fake_timerfd_settime(int fd, int flags, const struct itimerspec *wanted,
                            struct itimerspec *old);
int mk_fake_timerfd_gettime(int fd, struct itimerspec *out);
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
int mk_fake_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *deadline);
int mk_fake_pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *deadline);
int mk_fake_sem_timedwait(sem_t *semaphore, const struct timespec *deadline);

#endif
