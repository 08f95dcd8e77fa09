/*
 * A small server that lives by time, one way a mode:
 *
 *     server_timely ticks | asleep | spin | forks | slow-start | slow-stop
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
#include <unistd.h>

enum { TICK_MS = 1000, TICKS_BEFORE_SLEEP = 3 };

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

int main(int argc, char **argv)
{
    mode = argc > 1 ? argv[1] : "";
    if (is_mode("slow-start"))
        (void)sleep(3600);
    if (is_mode("slow-stop"))
        (void)signal(SIGTERM, stop_slowly);
    struct pollfd listener = {.fd = listen_somewhere(), .events = POLLIN};
    for (int ticks = 0;;) {
        bool sleeps = is_mode("asleep") && ticks == TICKS_BEFORE_SLEEP;
        if (poll(&listener, 1, sleeps ? -1 : TICK_MS) == 0)
            tick(++ticks);
        else
            (void)close(accept(listener.fd, NULL, NULL));
    }
}
