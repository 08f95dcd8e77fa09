/* SPDX-License-Identifier: MIT */
#include "sample_waits.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t rings;

static void ring(int signal)
{
    (void)signal;
    rings++;
}

static struct timespec span(int ms)
{
    return (struct timespec){ms / 1000, (long)(ms % 1000) * 1000000};
}

static bool wait_cond(int ms, bool monotonic)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attr;
    pthread_cond_t cond;
    struct timespec until;

    pthread_condattr_init(&attr);
    if (monotonic)
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&cond, &attr);
    clock_gettime(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    pthread_mutex_lock(&mutex);
    int err = pthread_cond_timedwait(&cond, &mutex, &until);
    pthread_mutex_unlock(&mutex);
    pthread_cond_destroy(&cond);
    return err == ETIMEDOUT;
}

static bool wait_timerfd(int ms)
{
    struct itimerspec once = {.it_value = span(ms)};
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    timerfd_settime(fd, 0, &once, NULL);
    bool ok = poll(&ready, 1, -1) == 1 && ready.revents == POLLIN;
    close(fd);
    return ok;
}

static bool wait_epoll(int ms)
{
    struct epoll_event event;
    int fd = epoll_create1(0);
    bool ok = epoll_wait(fd, &event, 1, ms) == 0;

    close(fd);
    return ok;
}

static bool wait_absolute(int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0;
}

static bool wait_alarm(int ms)
{
    sig_atomic_t before = rings;

    signal(SIGALRM, ring);
    alarm((unsigned)ms / 1000);
    return pause() == -1 && errno == EINTR && rings == before + 1;
}

static bool wait_itimer(int ms)
{
    struct itimerval once = {.it_value = {ms / 1000, 0}};
    sig_atomic_t before = rings;

    signal(SIGALRM, ring);
    setitimer(ITIMER_REAL, &once, NULL);
    return pause() == -1 && rings == before + 1;
}

static bool read_timerfd(int ms)
{
    struct itimerspec once = {.it_value = span(ms)};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    uint64_t times = 0;

    timerfd_settime(fd, 0, &once, NULL);
    bool ok = read(fd, &times, sizeof times) == sizeof times && times == 1;
    close(fd);
    return ok;
}

static bool wait_semaphore(int ms)
{
    struct timespec until;
    sem_t semaphore;

    sem_init(&semaphore, 0, 0);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    bool ok = sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT;
    sem_post(&semaphore);
    return ok && sem_timedwait(&semaphore, &until) == 0;
}

static bool wait_clock(int ms)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    pthread_mutex_lock(&mutex);
    int err = pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&mutex);
    return err == ETIMEDOUT;
}

bool waits_wait(int way, int ms)
{
    struct timespec for_ms = span(ms);
    struct timeval for_tv = {ms / 1000, 0};

    switch (way) {
    case 0:
        return nanosleep(&for_ms, NULL) == 0;
    case 1:
        return sleep((unsigned)ms / 1000) == 0;
    case 2:
        return usleep((useconds_t)ms * 1000) == 0;
    case 3:
        return clock_nanosleep(CLOCK_MONOTONIC, 0, &for_ms, NULL) == 0;
    case 4:
        return wait_absolute(ms);
    case 5:
        return poll(NULL, 0, ms) == 0;
    case 6:
        return select(0, NULL, NULL, NULL, &for_tv) == 0;
    case 7:
        return wait_epoll(ms);
    case 8:
        return wait_timerfd(ms);
    case 9:
        return wait_cond(ms, false);
    case 10:
        return wait_cond(ms, true);
    case 11:
        return wait_alarm(ms);
    case 12:
        return wait_itimer(ms);
    case 13:
        return read_timerfd(ms);
    case 14:
        return wait_semaphore(ms);
    case 15:
        return wait_clock(ms);
    default:
        return false;
    }
}

bool waits_by_signal(int way)
{
    return way == 11 || way == 12;
}

static int pair[2];

void waits_open(void)
{
    (void)!socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

void waits_send(void)
{
    (void)!write(pair[1], "x", 1);
}

static bool select_byte(void)
{
    struct timeval hour = {3600, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(pair[0], &set);
    return select(pair[0] + 1, &set, NULL, NULL, &hour) == 1 && FD_ISSET(pair[0], &set);
}

static bool epoll_byte(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(0);

    epoll_ctl(fd, EPOLL_CTL_ADD, pair[0], &event);
    bool ok = epoll_wait(fd, &event, 1, 3600000) == 1;
    close(fd);
    return ok;
}

bool waits_for_byte(int way)
{
    struct pollfd ready = {.fd = pair[0], .events = POLLIN};
    struct timespec hour = {3600, 0};

    switch (way) {
    case 0:
        return poll(&ready, 1, 3600000) == 1;
    case 1:
        return ppoll(&ready, 1, &hour, NULL) == 1;
    case 2:
        return select_byte();
    default:
        return epoll_byte();
    }
}

long waits_time(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return time(NULL) == now.tv_sec ? now.tv_sec : -1;
}

int waits_for_ever(int *err)
{
    int got = poll(NULL, 0, -1);

    *err = errno;
    return got;
}
