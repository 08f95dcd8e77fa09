/* SPDX-License-Identifier: MIT */
#include "sample_peers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static pthread_t thread;
static int pair[2];
static volatile long computed;

static void compute(long work)
{
    for (long i = 0; i < work; i++)
        computed += i;
}

static int epoll_of(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return epoll;
}

static void *echo(void *work)
{
    struct epoll_event event;
    int epoll = epoll_of(pair[1]);
    char byte;

    for (;;) {
        if (epoll_wait(epoll, &event, 1, 30000) != 1)
            continue;
        if (read(pair[1], &byte, 1) != 1 || byte == 'q')
            break;
        compute((long)(intptr_t)work);
        (void)!write(pair[1], &byte, 1);
    }
    close(epoll);
    return NULL;
}

void peers_echo_start(long work)
{
    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    (void)pthread_create(&thread, NULL, echo, (void *)(intptr_t)work);
}

bool peers_echo_ask(int timeout_ms)
{
    struct pollfd answer = {.fd = pair[0], .events = POLLIN};
    char byte = 'x';

    return write(pair[0], &byte, 1) == 1 && poll(&answer, 1, timeout_ms) == 1
           && read(pair[0], &byte, 1) == 1;
}

void peers_echo_stop(void)
{
    (void)!write(pair[0], "q", 1);
    (void)pthread_join(thread, NULL);
}

static void *work_and_write(void *work)
{
    compute((long)(intptr_t)work);
    (void)!write(pair[1], "x", 1);
    return NULL;
}

int peers_wait_for_work(long work, int timeout_ms)
{
    struct epoll_event event;

    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    (void)pthread_create(&thread, NULL, work_and_write, (void *)(intptr_t)work);
    int got = epoll_wait(epoll_of(pair[0]), &event, 1, timeout_ms);
    (void)pthread_join(thread, NULL);
    return got;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int sent, taken, timeouts;

static void *consume(void *unused)
{
    struct timespec until;

    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 3; i++) {
        int err = 0;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 10;
        while (sent == taken && err != ETIMEDOUT)
            err = pthread_cond_timedwait(&cond, &mutex, &until);
        if (sent > taken)
            taken++;
        else
            timeouts++;
    }
    pthread_mutex_unlock(&mutex);
    return unused;
}

void peers_consumer_start(void)
{
    (void)pthread_create(&thread, NULL, consume, NULL);
}

void peers_consumer_signal(long work)
{
    pthread_mutex_lock(&mutex);
    compute(work);
    sent++;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static int under_lock(const int *number)
{
    pthread_mutex_lock(&mutex);
    int value = *number;
    pthread_mutex_unlock(&mutex);
    return value;
}

int peers_consumer_signals(void)
{
    return under_lock(&taken);
}

int peers_consumer_timeouts(void)
{
    return under_lock(&timeouts);
}

void peers_consumer_join(void)
{
    (void)pthread_join(thread, NULL);
}

static _Atomic bool holds;

static void *hold_and_sleep(void *unused)
{
    pthread_mutex_lock(&mutex);
    holds = true;
    (void)sleep(5);
    pthread_mutex_unlock(&mutex);
    return unused;
}

void peers_lock_behind_sleeper(void)
{
    (void)pthread_create(&thread, NULL, hold_and_sleep, NULL);
    while (!holds)
        ;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    (void)pthread_join(thread, NULL);
}

static void *sleep_for(void *ms)
{
    (void)usleep((useconds_t) * (int *)ms * 1000);
    return NULL;
}

void peers_join_sleeper(int ms)
{
    (void)pthread_create(&thread, NULL, sleep_for, &ms);
    (void)pthread_join(thread, NULL);
}

int peers_wait_for_signal(void)
{
    pthread_mutex_lock(&mutex);
    int err = pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    return err;
}

static void *send_behind_lock(void *unused)
{
    pthread_mutex_lock(&mutex);
    sent++;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
    return unused;
}

bool peers_wait_for_who_waits(void)
{
    int err = 0;

    pthread_mutex_lock(&mutex);
    (void)pthread_create(&thread, NULL, send_behind_lock, NULL);
    (void)sleep(1); /* ends when the other has come to the lock */
    while (!sent && !err)
        err = pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    (void)pthread_join(thread, NULL);
    return sent == 1 && !err;
}

static sem_t never;

int peers_wait_for_post(void)
{
    (void)sem_init(&never, 0, 1);
    (void)sem_wait(&never); /* this one was there */
    return sem_wait(&never) == 0 ? 0 : errno;
}

static void *lock_and_stay(void *unused)
{
    pthread_mutex_lock(&mutex);
    holds = true;
    pthread_mutex_lock(&mutex);
    return unused;
}

/* The sleep ends when the other has come to its second lock: only then all are at rest. */
int peers_wait_for_end(void)
{
    (void)pthread_create(&thread, NULL, lock_and_stay, NULL);
    (void)sleep(1);
    return pthread_join(thread, NULL);
}

static int poll_for_ever(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, -1) < 0 ? errno : 0;
}

static void *poll_beside(void *err)
{
    *(int *)err = poll_for_ever(pair[0]);
    return err;
}

int peers_both_wait_for_ever(void)
{
    int others_err = -1;

    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    (void)pthread_create(&thread, NULL, poll_beside, &others_err);
    int err = poll_for_ever(pair[0]);
    (void)!write(pair[1], "x", 1);
    (void)pthread_join(thread, NULL);
    return others_err ? others_err : err;
}

static _Atomic bool stop;

static void *spin_for_ever(void *unused)
{
    while (!stop)
        computed++;
    return unused;
}

void peers_spin_start(void)
{
    (void)pthread_create(&thread, NULL, spin_for_ever, NULL);
}

void peers_spin_stop(void)
{
    stop = true;
    (void)pthread_join(thread, NULL);
}

int peers_timer(int ms)
{
    const struct timespec period = {ms / 1000, (long)(ms % 1000) * 1000000};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    (void)timerfd_settime(fd, 0, &(struct itimerspec){period, period}, NULL);
    return fd;
}

long peers_expirations(int fd)
{
    uint64_t times = 0;
    return read(fd, &times, sizeof times) == sizeof times ? (long)times : 0;
}
