/* SPDX-License-Identifier: MIT */
#include "tests/support/bench_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "tests/support/command.h"

enum { SERVER_START_SECONDS = 20 };

static void die(const char *what)
{
    (void)fprintf(stderr, "test support: %s\n", what);
    abort();
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int ts_free_port(void)
{
    struct sockaddr_in addr = loopback(0);
    socklen_t size = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0
        || getsockname(fd, (struct sockaddr *)&addr, &size) != 0)
        die("no free port");
    (void)close(fd);
    return ntohs(addr.sin_port);
}

static bool accepts(int port)
{
    struct sockaddr_in addr = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0;

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static void write_in(const struct ts_server *server, const char *name, const char *text)
{
    char path[128];
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "%s/%s", server->dir, name);
    if (!pf_file_write(path, (struct pf_bytes){text, strlen(text)}, &err))
        die(err.text);
}

static struct pf_child start_nginx(const struct ts_server *server, const char *as, int workers)
{
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "daemon off; worker_processes %d; pid %s/pid; error_log %s/error.log;\n"
                   "events { worker_connections 512; }\n"
                   "http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p;\n"
                   " fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
                   " server { listen 127.0.0.1:%d; root %s; } }\n",
                   workers, server->dir, server->dir, server->dir, server->dir, server->dir,
                   server->dir, server->dir, server->port, server->dir);
    write_in(server, "nginx.conf", text);
    memset(text, 'x', 612);
    text[612] = '\0';
    write_in(server, "index.html", text);
    return ts_start("exec %s nginx -p %s -c %s/nginx.conf -e %s/error.log%s", as, server->dir,
                    server->dir, server->dir, *as || geteuid() != 0 ? "" : " -g 'user root;'");
}

static struct pf_child start_lighttpd(const struct ts_server *server, const char *as)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "server.document-root = \"%s\"\nserver.port = %d\nserver.bind = \"127.0.0.1\"\n"
                   "index-file.names = ( \"index.html\" )\n",
                   server->dir, server->port);
    write_in(server, "lighttpd.conf", text);
    write_in(server, "index.html", "hello\n");
    return ts_start("exec %s lighttpd -D -f %s/lighttpd.conf", as, server->dir);
}

/* PostgreSQL refuses to run as root, so it always runs as nobody there. */
static struct pf_child start_postgres(const struct ts_server *server)
{
    const char *as = ts_as_user();
    const char *bin = "$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)";
    struct ts_result made =
        ts_run("%s %s/initdb -D %s/db -U bench --no-sync -A trust", as, bin, server->dir);

    if (made.status != 0)
        die(ts_err(&made));
    ts_result_fini(&made);
    return ts_start("exec %s %s/postgres -D %s/db -p %d -k %s -c listen_addresses=127.0.0.1 -F", as,
                    bin, server->dir, server->port, server->dir);
}

static struct pf_child start_kind(const struct ts_server *server, const char *as)
{
    switch (server->kind) {
    case TS_REDIS:
        return ts_start("exec %s redis-server --port %d --bind 127.0.0.1 --save '' --dir %s "
                        "--daemonize no",
                        as, server->port, server->dir);
    case TS_NGINX:
        return start_nginx(server, as, 1);
    case TS_NGINX_4_WORKERS:
        return start_nginx(server, as, 4);
    case TS_MEMCACHED:
        return ts_start("exec %s memcached -l 127.0.0.1 -p %d -U 0%s", as, server->port,
                        *as || geteuid() != 0 ? "" : " -u root");
    case TS_LIGHTTPD:
        return start_lighttpd(server, as);
    case TS_POSTGRES:
        return start_postgres(server);
    }
    abort();
}

struct ts_server ts_server_start(enum ts_server_kind kind, bool as_user)
{
    struct ts_server server = {.kind = kind, .port = ts_free_port()};

    (void)snprintf(server.dir, sizeof server.dir, "/tmp/assay-server-XXXXXX");
    if (!mkdtemp(server.dir))
        die("mkdtemp");
    (void)chmod(server.dir, 0777);
    server.child = start_kind(&server, as_user ? ts_as_user() : "");
    server.pid = server.child.pid; /* every command line above begins with exec */

    uint64_t deadline = pf_clock_now_ns() + SERVER_START_SECONDS * 1000000000ull;
    while (!accepts(server.port)) {
        if (pf_clock_now_ns() > deadline || pf_child_wait(&server.child, 0))
            die("server did not start");
        pf_clock_sleep_ms(10);
    }
    return server;
}

void ts_server_stop(struct ts_server *server)
{
    char command[96];

    ts_stop(&server->child);
    (void)snprintf(command, sizeof command, "rm -rf %s", server->dir);
    (void)!system(command);
}

struct pf_child ts_load_start(const struct ts_server *server, int seconds)
{
    switch (server->kind) {
    case TS_REDIS:
        /* More requests than the time allows: ts_stop or timeout ends it. */
        return ts_start("exec timeout %d redis-benchmark -h 127.0.0.1 -p %d -q -n 100000000 -P 8 "
                        "-t set,get -r 100000 -d 100",
                        seconds, server->port);
    case TS_POSTGRES:
        return ts_start(
            "pgbench -h 127.0.0.1 -p %d -U bench -i -s 1 postgres && "
            "exec timeout %d pgbench -h 127.0.0.1 -p %d -U bench -S -c 4 -T %d postgres",
            server->port, seconds, server->port, seconds);
    default:
        return ts_start("exec wrk -t1 -c32 -d%ds http://127.0.0.1:%d/index.html", seconds,
                        server->port);
    }
}
