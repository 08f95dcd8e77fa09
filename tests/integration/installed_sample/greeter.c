/*
 * A small server: greets over HTTP on the socket it was handed. "greeter spin" works for half a
 * second of CPU time, "greeter lose" loses a block.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "greeting.h"

enum { LISTEN_FD = 3 };

__attribute__((noinline)) static unsigned long spin_greeting(void)
{
    unsigned long sum = 0;

    while (clock() < CLOCKS_PER_SEC / 2)
        for (int i = 0; i < 1000; i++)
            sum += (unsigned char)greeting()[0];
    return sum;
}

__attribute__((noinline)) static void lose_greeting(void)
{
    char *volatile copy = strdup(greeting());

    copy = NULL;
    (void)copy;
}

static void answer(int fd)
{
    char request[4096];
    char reply[256];

    if (read(fd, request, sizeof request) > 0) {
        int size = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                            strlen(greeting()), greeting());
        (void)!write(fd, reply, (size_t)size);
    }
    (void)close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "spin") == 0)
        return spin_greeting() == 0;
    if (argc > 1) {
        for (int i = 0; i < 8; i++)
            lose_greeting();
        return 0;
    }
    for (;;) {
        int fd = accept(LISTEN_FD, NULL, NULL);
        if (fd >= 0)
            answer(fd);
    }
}
