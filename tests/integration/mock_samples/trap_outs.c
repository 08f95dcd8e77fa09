/* Code under test that is handed things in many ways. SPDX-License-Identifier: MIT */
#include "trap_outs.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int outs_pairs(int *sum)
{
    int ends[2] = {0, 0}, pair[2] = {0, 0};
    int failed =
        pipe(ends) != 0 || pipe2(ends, 0) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0;

    *sum = ends[0] + ends[1] + pair[0] + pair[1];
    return failed;
}

size_t outs_items(FILE *from, short items[4])
{
    return fread(items, sizeof *items, 4, from);
}

const char *outs_text(char text[32], FILE *from)
{
    char *line = fgets(text, 32, from);

    if (!line || line != text || !getcwd(text + 8, 24))
        return NULL;
    return text;
}

int outs_line(FILE *from, char **line, size_t *room)
{
    return (int)getline(line, room, from);
}

int outs_formatted(char text[32], char **made, int number)
{
    return snprintf(text, 16, "%d", number) + sprintf(text + 16, "%d", number)
           + asprintf(made, "%d", number);
}

int outs_address(struct in_addr *address, char host[16], char service[16])
{
    struct sockaddr_in from = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, "host", address) != 1)
        return -1;
    return getnameinfo((struct sockaddr *)&from, sizeof from, host, 16, service, 16, 0);
}

timer_t outs_timer(void)
{
    timer_t timer = NULL;
    return timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0 ? timer : NULL;
}

int outs_year(void)
{
    time_t zero = 0;
    struct tm parts, *where = gmtime_r(&zero, &parts);
    return where == &parts ? parts.tm_year : -1;
}

const char *outs_path(char name[16], char path[4096])
{
    if (mkstemp(name) < 0 || realpath(name, path) != path)
        return NULL;
    return path;
}
