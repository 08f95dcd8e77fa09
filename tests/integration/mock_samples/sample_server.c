/* SPDX-License-Identifier: MIT */
#include "sample_server.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int64_t server_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool server_start(struct server *server, int idle_ms, int tick_ms)
{
    struct itimerspec every = {{tick_ms / 1000, (long)(tick_ms % 1000) * 1000000},
                               {tick_ms / 1000, (long)(tick_ms % 1000) * 1000000}};

    *server = (struct server){.idle_ms = idle_ms, .tick_ms = tick_ms};
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server->timer};
    return server->epoll >= 0 && server->timer >= 0
           && timerfd_settime(server->timer, 0, &every, NULL) == 0
           && epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->timer, &event) == 0;
}

void server_adopt(struct server *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return;
    server->conns[server->nconn] = fd;
    server->seen_ms[server->nconn++] = server_now_ms();
}

static void close_idle(struct server *server)
{
    int64_t now_ms = server_now_ms();

    for (int i = 0; i < server->nconn;) {
        if (now_ms - server->seen_ms[i] < server->idle_ms) {
            i++;
            continue;
        }
        close(server->conns[i]);
        server->nconn--;
        server->conns[i] = server->conns[server->nconn];
        server->seen_ms[i] = server->seen_ms[server->nconn];
    }
}

static void handle(struct server *server, int fd)
{
    uint64_t expired;
    char bytes[256];

    if (fd == server->timer) {
        if (read(fd, &expired, sizeof expired) == sizeof expired)
            server->ticks += (unsigned)expired;
        return;
    }
    if (read(fd, bytes, sizeof bytes) > 0)
        for (int i = 0; i < server->nconn; i++)
            if (server->conns[i] == fd)
                server->seen_ms[i] = server_now_ms();
}

static void serve_ready(struct server *server, int timeout_ms)
{
    struct epoll_event events[8];
    int ready = epoll_wait(server->epoll, events, 8, timeout_ms);

    for (int i = 0; i < ready; i++)
        handle(server, events[i].data.fd);
}

static void serve(struct server *server, int timeout_ms)
{
    serve_ready(server, timeout_ms);
    close_idle(server);
}

void server_step_carelessly(struct server *server)
{
    serve_ready(server, 0);
}

void server_step(struct server *server)
{
    serve(server, 0);
}

void server_run(struct server *server, unsigned ticks)
{
    while (!server->stop && server->ticks < ticks)
        serve(server, -1);
}
