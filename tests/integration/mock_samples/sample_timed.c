/* SPDX-License-Identifier: MIT */
#include "sample_timed.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t rings;

static void ring(int number)
{
    (void)number;
    rings++;
}

static struct timespec span(int ms)
{
    return (struct timespec){ms / 1000, (long)(ms % 1000) * 1000000};
}

static struct timespec until(clockid_t clock, int ms)
{
    struct timespec now;

    clock_gettime(clock, &now);
    now.tv_sec += ms / 1000;
    return now;
}

int64_t timed_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sigset_t blocked(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

static bool way_sigtimedwait(int ms)
{
    sigset_t set = blocked(SIGUSR2);
    struct timespec limit = span(ms);
    siginfo_t info;

    return sigtimedwait(&set, &info, &limit) == -1 && errno == EAGAIN;
}

static bool way_sigwaitinfo(int ms)
{
    sigset_t set = blocked(SIGALRM);
    siginfo_t info;

    alarm((unsigned)ms / 1000);
    bool ok = sigwaitinfo(&set, &info) == SIGALRM;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return ok;
}

static bool way_sigwait(int ms)
{
    sigset_t set = blocked(SIGALRM);
    int number = 0;

    alarm((unsigned)ms / 1000);
    bool ok = sigwait(&set, &number) == 0 && number == SIGALRM;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return ok;
}

static bool way_sigsuspend(int ms)
{
    sig_atomic_t before = rings;
    sigset_t set = blocked(SIGALRM), none;

    signal(SIGALRM, ring);
    sigemptyset(&none);
    alarm((unsigned)ms / 1000);
    bool ok = sigsuspend(&none) == -1 && errno == EINTR && rings == before + 1;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return ok;
}

static mqd_t queue(const char *name, int flags)
{
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
    mqd_t q = mq_open(name, O_CREAT | O_RDWR | flags, 0600, &attr);

    mq_unlink(name);
    return q;
}

static bool way_mq_timedreceive(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);
    char name[32], text[8];

    snprintf(name, sizeof name, "/timed-r-%d", getpid());
    mqd_t q = queue(name, 0);
    if (q < 0) /* no /dev/mqueue here */
        return nanosleep(&(struct timespec){ms / 1000, 0}, NULL) == 0;
    bool ok = mq_timedreceive(q, text, sizeof text, NULL, &limit) == -1 && errno == ETIMEDOUT;
    ok = ok && mq_timedsend(q, "x", 1, 0, &limit) == 0
         && mq_timedreceive(q, text, sizeof text, NULL, &limit) == 1; /* there: at once */
    mq_close(q);
    return ok;
}

static bool way_mq_timedsend(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);
    char name[32];

    snprintf(name, sizeof name, "/timed-s-%d", getpid());
    mqd_t q = queue(name, 0);
    if (q < 0)
        return nanosleep(&(struct timespec){ms / 1000, 0}, NULL) == 0;
    bool ok = mq_timedsend(q, "x", 1, 0, &limit) == 0 && mq_timedsend(q, "y", 1, 0, &limit) == -1
              && errno == ETIMEDOUT;
    mq_close(q);
    return ok;
}

static bool way_semtimedop(int ms)
{
    struct timespec limit = span(ms);
    struct sembuf take = {0, -1, 0};
    int set = semget(IPC_PRIVATE, 1, 0600);
    bool ok = semtimedop(set, &take, 1, &limit) == -1 && errno == EAGAIN;

    semctl(set, 0, IPC_RMID);
    return ok;
}

static bool way_epoll_pwait2(int ms)
{
    struct timespec limit = span(ms);
    struct epoll_event event;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    bool ok = epoll_pwait2(fd, &event, 1, &limit, NULL) == 0;

    close(fd);
    return ok;
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t kept = PTHREAD_RWLOCK_INITIALIZER;

/* A mutex another thread holds, for ever; the same of a lock for writing. */
static void *hold_all(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&held);
    pthread_rwlock_wrlock(&kept);
    return NULL;
}

static void be_held(void)
{
    static pthread_t holder;

    if (!holder && pthread_create(&holder, NULL, hold_all, NULL) == 0)
        pthread_join(holder, NULL);
}

static bool way_mutex_timedlock(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);

    be_held();
    return pthread_mutex_timedlock(&held, &limit) == ETIMEDOUT;
}

static bool way_mutex_clocklock(int ms)
{
    struct timespec limit = until(CLOCK_MONOTONIC, ms);

    be_held();
    return pthread_mutex_clocklock(&held, CLOCK_MONOTONIC, &limit) == ETIMEDOUT;
}

static bool way_mtx_timedlock(int ms)
{
    struct timespec limit;

    be_held();
    if (timespec_get(&limit, TIME_UTC) != TIME_UTC)
        return false;
    limit.tv_sec += ms / 1000;
    return mtx_timedlock((mtx_t *)&held, &limit) == thrd_timedout;
}

static bool way_timedrdlock(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);

    be_held();
    return pthread_rwlock_timedrdlock(&kept, &limit) == ETIMEDOUT;
}

static bool way_timedwrlock(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);

    be_held();
    return pthread_rwlock_timedwrlock(&kept, &limit) == ETIMEDOUT;
}

static bool way_clockrdlock(int ms)
{
    struct timespec limit = until(CLOCK_MONOTONIC, ms);

    be_held();
    return pthread_rwlock_clockrdlock(&kept, CLOCK_MONOTONIC, &limit) == ETIMEDOUT;
}

static bool way_clockwrlock(int ms)
{
    struct timespec limit = until(CLOCK_MONOTONIC, ms);

    be_held();
    return pthread_rwlock_clockwrlock(&kept, CLOCK_MONOTONIC, &limit) == ETIMEDOUT;
}

static void *stay(void *semaphore)
{
    sem_wait(semaphore);
    return NULL;
}

static bool join_by(int ms, bool monotonic)
{
    struct timespec limit = until(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, ms);
    pthread_t thread;
    sem_t leave;

    sem_init(&leave, 0, 0);
    pthread_create(&thread, NULL, stay, &leave);
    int err = monotonic ? pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &limit)
                        : pthread_timedjoin_np(thread, NULL, &limit);
    sem_post(&leave);
    pthread_join(thread, NULL);
    return err == ETIMEDOUT;
}

static bool way_timedjoin(int ms)
{
    return join_by(ms, false);
}

static bool way_clockjoin(int ms)
{
    return join_by(ms, true);
}

static bool way_sem_clockwait(int ms)
{
    struct timespec limit = until(CLOCK_MONOTONIC, ms);
    sem_t semaphore;

    sem_init(&semaphore, 0, 0);
    return sem_clockwait(&semaphore, CLOCK_MONOTONIC, &limit) == -1 && errno == ETIMEDOUT;
}

static bool way_cnd_timedwait(int ms)
{
    struct timespec limit = until(CLOCK_REALTIME, ms);
    mtx_t mutex;
    cnd_t cond;

    mtx_init(&mutex, mtx_plain);
    cnd_init(&cond);
    mtx_lock(&mutex);
    int got = cnd_timedwait(&cond, &mutex, &limit);
    mtx_unlock(&mutex);
    return got == thrd_timedout;
}

static bool way_thrd_sleep(int ms)
{
    struct timespec limit = span(ms);

    return thrd_sleep(&limit, NULL) == 0;
}

static bool way_sleep_absolute(int ms)
{
    struct timespec limit = until(CLOCK_MONOTONIC, ms);

    return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &limit, NULL) == 0;
}

static bool way_ualarm(int ms)
{
    sig_atomic_t before = rings;

    signal(SIGALRM, ring);
    ualarm((useconds_t)ms * 1000, 0);
    return pause() == -1 && rings == before + 1;
}

static bool way_getitimer(int ms)
{
    struct itimerval once = {.it_value = {ms / 1000, 0}}, left;

    signal(SIGALRM, ring);
    setitimer(ITIMER_REAL, &once, NULL);
    bool ok = getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec == ms / 1000;
    return pause() == -1 && ok;
}

static bool arm(timer_t *timer, struct sigevent *event, int ms, int interval_ms)
{
    struct itimerspec wanted = {span(interval_ms), span(ms)};

    return timer_create(CLOCK_MONOTONIC, event, timer) == 0
           && timer_settime(*timer, 0, &wanted, NULL) == 0;
}

static bool way_timer_signal(int ms)
{
    sigset_t set = blocked(SIGRTMIN);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    siginfo_t info = {0};
    timer_t timer;

    event.sigev_value.sival_int = 42;
    if (!arm(&timer, &event, ms, 0))
        return false;
    bool ok = sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_TIMER
              && info.si_value.sival_int == 42;
    return timer_delete(timer) == 0 && ok && timer_delete(timer) == -1;
}

/* Interrupts a sleep, as signal handlers do. */
static bool way_timer_handler(int ms)
{
    struct timespec long_time = span(3600 * 1000);
    sig_atomic_t before = rings;
    timer_t timer;

    signal(SIGALRM, ring);
    if (!arm(&timer, NULL, ms, 0))
        return false;
    bool ok = nanosleep(&long_time, NULL) == -1 && errno == EINTR && rings == before + 1;
    timer_delete(timer);
    return ok;
}

static sem_t called;

static void call(union sigval value)
{
    if (value.sival_int == 7)
        sem_post(&called);
}

static bool way_timer_thread(int ms)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = call};
    timer_t timer;

    sem_init(&called, 0, 0);
    event.sigev_value.sival_int = 7;
    if (!arm(&timer, &event, ms, 0))
        return false;
    struct timespec pause_for = span(ms);
    bool ok = nanosleep(&pause_for, NULL) == 0;
    sem_wait(&called); /* its thread is real */
    timer_delete(timer);
    return ok;
}

static bool way_timer_counts(int ms)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    struct timespec half = span(ms / 5);
    struct itimerspec left;
    timer_t timer;

    if (!arm(&timer, &event, ms, 0) || nanosleep(&half, NULL) != 0)
        return false;
    bool ok = timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == ms / 1000 - ms / 5000;
    struct timespec rest = span(ms - ms / 5);
    nanosleep(&rest, NULL);
    ok = ok && timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0;
    timer_delete(timer);
    return ok;
}

static bool way_timer_overrun(int ms)
{
    sigset_t set = blocked(SIGRTMIN + 1);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
    struct timespec pause_for = span(ms);
    siginfo_t info = {0};
    timer_t timer;

    if (!arm(&timer, &event, ms / 5, ms / 5) || nanosleep(&pause_for, NULL) != 0)
        return false;
    bool ok = sigwaitinfo(&set, &info) == SIGRTMIN + 1 && timer_getoverrun(timer) == 4;
    timer_delete(timer);
    return ok;
}

#define WAY(name)                                                                                  \
    {                                                                                              \
#name, way_##name, false                                                                   \
    }
#define WAY_BY_SIGNAL(name)                                                                        \
    {                                                                                              \
#name, way_##name, true                                                                    \
    }

const struct timed_way timed_ways[] = {
    WAY(sigtimedwait),
    WAY_BY_SIGNAL(sigwaitinfo),
    WAY_BY_SIGNAL(sigwait),
    WAY_BY_SIGNAL(sigsuspend),
    WAY(mq_timedreceive),
    WAY(mq_timedsend),
    WAY(semtimedop),
    WAY(recv),
    WAY(recvfrom),
    WAY(recvmsg),
    WAY(socket_read),
    WAY(socket_readv),
    WAY(accept),
    WAY(accept4),
    WAY(send),
    WAY(socket_write),
    WAY(sendmsg),
    WAY(socket_writev),
    WAY(connect),
    WAY(epoll_pwait2),
    WAY(mutex_timedlock),
    WAY(mutex_clocklock),
    WAY(mtx_timedlock),
    WAY(timedrdlock),
    WAY(timedwrlock),
    WAY(clockrdlock),
    WAY(clockwrlock),
    WAY(timedjoin),
    WAY(clockjoin),
    WAY(sem_clockwait),
    WAY(cnd_timedwait),
    WAY(thrd_sleep),
    WAY(sleep_absolute),
    WAY_BY_SIGNAL(ualarm),
    WAY_BY_SIGNAL(getitimer),
    WAY_BY_SIGNAL(timer_signal),
    WAY_BY_SIGNAL(timer_handler),
    WAY(timer_thread),
    WAY(timer_counts),
    WAY_BY_SIGNAL(timer_overrun),
    {NULL, NULL, false},
};
