/*
 * Code under test for the fake clock: an epoll server that closes idle connections by a timerfd.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_SERVER_H
#define MOCK_SAMPLES_SAMPLE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

enum { SERVER_MAX_CONNS = 8 };

struct server {
    int epoll, timer;
    int conns[SERVER_MAX_CONNS];
    int64_t seen_ms[SERVER_MAX_CONNS];
    int nconn;
    int idle_ms, tick_ms;
    unsigned ticks;
    volatile bool stop;
};

bool server_start(struct server *server, int idle_ms, int tick_ms);
void server_adopt(struct server *server, int fd);
/* What is ready now, without waiting. */
void server_step(struct server *server);
/* The same by somebody who forgot idle connections: what a red test is for. */
void server_step_carelessly(struct server *server);
/* Serve until ticks ticks of the timer, or stop. */
void server_run(struct server *server, unsigned ticks);
int64_t server_now_ms(void);

#endif
