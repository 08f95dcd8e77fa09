/*
 * A clock the test moves: an hour of timers in milliseconds.
 *
 *     assay_wrap(my_tests CLOCK)          # every call of time, sleep and wait the code makes
 *
 *     clock_fake(.mono_ms = 1000);
 *     clock_advance_ms(59999);
 *
 * From clock_fake() to the end of the test these tell and wait for virtual time, in every thread:
 *   time, clock_gettime, gettimeofday, timespec_get; nanosleep, clock_nanosleep, sleep, usleep,
 *   thrd_sleep; poll, ppoll, select, pselect, epoll_wait, epoll_pwait, epoll_pwait2; timerfd_*,
 *   timer_* (POSIX timers), setitimer, getitimer, alarm, ualarm; pause, sigsuspend, sigwait,
 *   sigwaitinfo, sigtimedwait; pthread_cond_timedwait, pthread_mutex_timedlock,
 *   pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock, sem_timedwait, their *clock* forms,
 *   pthread_timedjoin_np, pthread_clockjoin_np; cnd_timedwait, mtx_timedlock; mq_timedsend,
 *   mq_timedreceive, semtimedop; read of a timerfd; and on sockets with SO_RCVTIMEO or SO_SNDTIMEO
 *   recv, recvfrom, recvmsg, read, readv, accept, accept4, send, sendto, sendmsg, write, writev,
 *   connect.
 * CPU-time clocks and timers stay real; what else does is told in docs/mocks.md.
 *
 * Waiting. What is ready is returned at once. With nothing ready, and every other thread asleep in
 * the kernel with nothing on its way to it,
 *   - in the thread that called clock_fake, or while that waits by the clock or for another thread:
 *     the clock jumps to the next deadline of anybody's (timeout, timerfd, alarm);
 *   - in another thread: it waits until the clock is advanced past its deadline.
 * A wait that nothing can ever end fails the test with the stacks of all threads and returns -1
 * with EDEADLK; so does one beside a thread that is busy for hang_ms; the third such wait aborts
 * the test. pthread_cond_wait, sem_wait and pthread_join take no time, but are told so as well.
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

#include "assay/mock_named.h"

struct assay_clock {
    MK_NAMED_FIRST;
    int64_t mono_ms; /* CLOCK_MONOTONIC at the start; 0: as it is */
    int64_t wall_ms; /* since 1970; 0: as it is */
    int grace_ms;    /* real; 0: none */
    int hang_ms;     /* real: so long the clock may stand while a thread waits, 0: 5000 */
} MK_NAMED_ONLY;

/* For generated wrappers: the fakes of clock_fakes.h while this is true, else the real functions.
 */
extern bool mk_clock_is_faked;

void assay_clock_fake(const char *file, int line, const struct assay_clock *start);
/*
 * assay_clock_advance_ms(ms): move it, through every deadline on the way. Before it moves and when
 * it returns all other threads are at rest; one that is not for hang_ms fails the test.
 */
void assay_clock_advance(const char *file, int line, int64_t ms);
#define assay_clock_advance_ms(ms) assay_clock_advance(__FILE__, __LINE__, (ms))
/*
 * assay_clock_await(threads): until so many threads wait by this clock and all others are at rest,
 * for at most 5 real seconds: true if they are.
 */
bool assay_clock_await_at(const char *file, int line, int threads);
#define assay_clock_await(threads) assay_clock_await_at(__FILE__, __LINE__, (threads))
int64_t assay_clock_now_ms(void);      /* CLOCK_MONOTONIC, virtual */
int64_t assay_clock_wall_now_ms(void); /* CLOCK_REALTIME, virtual */

#define ASSAY_CLOCK_FAKE(...)                                                                      \
    MK_STRICTLY(                                                                                   \
        assay_clock_fake(__FILE__, __LINE__, &(const struct assay_clock){MK_NAMED(__VA_ARGS__)}))

#ifndef ASSAY_LONG_NAMES
#define clock_fake(...) ASSAY_CLOCK_FAKE(__VA_ARGS__)
#define clock_advance_ms(ms) assay_clock_advance_ms(ms)
#define clock_await(threads) assay_clock_await(threads)
#define clock_now_ms() assay_clock_now_ms()
#define clock_wall_now_ms() assay_clock_wall_now_ms()
#endif

#endif
