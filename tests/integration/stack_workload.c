/*
 * A process whose threads wait for one thing each, and one that works; what they see of being
 * looked at (a system call cut short) is counted and told at the end.
 *
 * Prints "ready PORT" when every thread is at its place, and "disturbed N" after end of input.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEEP_FRAMES = 3000, IDLERS = 20 };

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint placed;
static atomic_uint disturbed;
static atomic_bool is_over;
static int idle_pipe[2];
static int listener = -1;
static volatile unsigned long work;

static void here(const char *name)
{
    (void)pthread_setname_np(pthread_self(), name);
    atomic_fetch_add(&placed, 1);
}

__attribute__((noinline)) static void hold_the_lock(void)
{
    char byte;

    (void)pthread_mutex_lock(&contended);
    here("holder");
    (void)!read(idle_pipe[0], &byte, 1);
    (void)pthread_mutex_unlock(&contended);
}

static void *holder(void *unused)
{
    hold_the_lock();
    return unused;
}

static void *waiter(void *unused)
{
    here("waiter");
    (void)pthread_mutex_lock(&contended);
    (void)pthread_mutex_unlock(&contended);
    return unused;
}

static void *poller(void *unused)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, idle_pipe[0], &event);
    here("poller");
    while (!is_over)
        if (epoll_wait(epoll, &event, 1, 600000) < 0 && errno == EINTR)
            atomic_fetch_add(&disturbed, 1);
    (void)close(epoll);
    return unused;
}

static void *acceptor(void *unused)
{
    here("acceptor");
    if (accept(listener, NULL, NULL) < 0 && errno == EINTR)
        atomic_fetch_add(&disturbed, 1);
    return unused;
}

__attribute__((noinline)) static void spin_here(void)
{
    for (unsigned i = 0; i < 100000; i++)
        work += i;
}

static void *worker(void *unused)
{
    here("worker");
    while (!is_over)
        spin_here();
    return unused;
}

__attribute__((noinline)) static int go_deep(unsigned left)
{
    volatile char room[256];
    char byte;

    room[0] = (char)left;
    if (left == 0) {
        here("deep");
        return (int)read(idle_pipe[0], &byte, 1);
    }
    return go_deep(left - 1) + room[0];
}

static void *deep(void *unused)
{
    (void)go_deep(DEEP_FRAMES);
    return unused;
}

static void *idler(void *unused)
{
    char byte;

    here("idler");
    (void)!read(idle_pipe[0], &byte, 1);
    return unused;
}

static unsigned short listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin_port);
}

int main(void)
{
    void *(*const parts[])(void *) = {holder, poller, acceptor, worker, deep};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    pthread_t thread;
    char byte;

    if (pipe(idle_pipe) != 0)
        return 1;
    unsigned short port = listen_somewhere();
    for (unsigned i = 0; i < PARTS; i++)
        (void)pthread_create(&thread, NULL, parts[i], NULL);
    for (unsigned i = 0; i < IDLERS; i++)
        (void)pthread_create(&thread, NULL, idler, NULL);
    while (placed < PARTS + IDLERS)
        (void)usleep(1000);
    (void)pthread_create(&thread, NULL, waiter, NULL);
    while (placed < PARTS + IDLERS + 1)
        (void)usleep(1000);
    (void)printf("ready %u\n", port);
    (void)fflush(stdout);
    (void)!read(STDIN_FILENO, &byte, 1);
    (void)printf("disturbed %u\n", disturbed);
    (void)fflush(stdout);
    _exit(0);
}
