/*
 * A small server that lives by time, one way a mode:
 *
 *     server_timely ticks | asleep | spin | forks | slow-start | slow-stop | idle
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 1000, TICKS_BEFORE_SLEEP = 3, IDLE_MS = 30000, MAX_CONNECTIONS = 8 };

static const char *mode;
volatile unsigned server_spun;
void spin_for_ever(void);

static bool is_mode(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void stop_slowly(int signal_number)
{
    (void)signal_number;
    (void)sleep(600);
    _exit(7);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
        exit(1);
    return fd;
}

void spin_for_ever(void)
{
    for (;;)
        server_spun++;
}

/* A child that takes its own time, and one that waits for it. */
static void fork_child(int tick)
{
    if (fork() == 0) {
        (void)usleep(500 * 1000);
        printf("child %d\n", tick);
        _exit(fflush(stdout));
    }
    (void)wait(NULL);
}

static void tick(int number)
{
    printf("tick %d\n", number);
    (void)fflush(stdout);
    if (is_mode("spin"))
        spin_for_ever();
    if (is_mode("forks"))
        fork_child(number);
}

static long long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* fds[0] listens; each connection has a place, and when it was heard last. */
static struct pollfd fds[1 + MAX_CONNECTIONS];
static long long heard_ms[1 + MAX_CONNECTIONS];

static void hear_or_close(int i)
{
    char bytes[256];

    if ((fds[i].revents && read(fds[i].fd, bytes, sizeof bytes) <= 0)
        || (!fds[i].revents && now_ms() - heard_ms[i] >= IDLE_MS)) {
        (void)close(fds[i].fd);
        fds[i].fd = -1;
    } else if (fds[i].revents) {
        heard_ms[i] = now_ms();
    }
}

static void take_connection(void)
{
    int fd = accept(fds[0].fd, NULL, NULL);

    for (int i = 1; i <= MAX_CONNECTIONS; i++)
        if (fds[i].fd < 0) {
            fds[i] = (struct pollfd){.fd = fd, .events = POLLIN};
            heard_ms[i] = now_ms();
            return;
        }
    (void)close(fd);
}

static int next_timeout_ms(void)
{
    long long next_ms = -1;

    for (int i = 1; i <= MAX_CONNECTIONS; i++) {
        long long left_ms = heard_ms[i] + IDLE_MS - now_ms();
        if (fds[i].fd >= 0 && (next_ms < 0 || left_ms < next_ms))
            next_ms = left_ms > 0 ? left_ms : 0;
    }
    return (int)next_ms;
}

/* Closes connections it has not heard from for 30 s. */
static void serve_until_idle(int listener)
{
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (int i = 1; i <= MAX_CONNECTIONS; i++)
        fds[i].fd = -1;
    for (;;) {
        (void)poll(fds, 1 + MAX_CONNECTIONS, next_timeout_ms());
        for (int i = 1; i <= MAX_CONNECTIONS; i++)
            if (fds[i].fd >= 0)
                hear_or_close(i);
        if (fds[0].revents)
            take_connection();
    }
}

int main(int argc, char **argv)
{
    mode = argc > 1 ? argv[1] : "";
    if (is_mode("slow-start"))
        (void)sleep(3600);
    if (is_mode("slow-stop"))
        (void)signal(SIGTERM, stop_slowly);
    struct pollfd listener = {.fd = listen_somewhere(), .events = POLLIN};
    if (is_mode("idle"))
        serve_until_idle(listener.fd);
    for (int ticks = 0;;) {
        bool sleeps = is_mode("asleep") && ticks == TICKS_BEFORE_SLEEP;
        if (poll(&listener, 1, sleeps ? -1 : TICK_MS) == 0)
            tick(++ticks);
        else
            (void)close(accept(listener.fd, NULL, NULL));
    }
}
