/*
 * Real servers from Debian's packages, each in a directory of its own, on a port that was free, and
 * load for them. They end with ts_server_stop or with the process that started them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_BENCH_SERVER_H
#define TESTS_SUPPORT_BENCH_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "profiler/base/spawn.h"

enum ts_server_kind {
    TS_REDIS,
    TS_NGINX,
    TS_NGINX_4_WORKERS,
    TS_MEMCACHED,
    TS_LIGHTTPD,
    TS_POSTGRES
};

struct ts_server {
    enum ts_server_kind kind;
    struct pf_child child;
    pid_t pid; /* the server itself (nginx, postgres: the master) */
    int port;
    char dir[64];
};

/* Started as user nobody when as_user is set or we are not root. Waits until it accepts, at most 20
 * s. */
struct ts_server ts_server_start(enum ts_server_kind kind, bool as_user);
void ts_server_stop(struct ts_server *server);

/* Load that keeps it busy for about seconds (redis-benchmark, wrk, pgbench); stop with ts_stop. */
struct pf_child ts_load_start(const struct ts_server *server, int seconds);

/* A TCP port on 127.0.0.1 nobody listened on a moment ago. */
int ts_free_port(void);

#endif
