/*
 * A real server as the fixture of a test: declared in one line, started when it is first used, on a
 * port that cannot collide, ready before the first request, and gone when the test is, however the
 * test ends: passed, failed, crashed, timed out or killed, with everything the server started.
 *
 *     ASSAY_SERVER(api, .argv = {"./api"}, .ready = assay_ready_http("/healthz"));
 *
 *     Test(users, are_listed) { assay_http(api, assay_get("/users"), assay_expect(200)); }
 *
 * One server a test process: Criterion runs every test in a process of its own, so tests cannot see
 * each other's data. Short names (SERVER, http, get ...) are in <assay/short.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_SERVER_H
#define ASSAY_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    ASSAY_SERVER_ARGS_MAX = 32,
    ASSAY_SERVER_ENV_MAX = 16,
    ASSAY_SERVER_FILES_MAX = 4,
};

/* How the server comes by its port. */
enum assay_port {
    /* The harness listens and hands the socket over as descriptor 3 (LISTEN_FDS=1, as systemd
     * does). Cannot collide; a connection is never refused, not even during a restart. */
    ASSAY_PORT_FD,
    /* The server binds port 0 (PORT=0 stands in its environment); the kernel is asked what it got.
     */
    ASSAY_PORT_ZERO,
    /* For servers that can do neither: a free port is chosen, reserved as far as the kernel allows,
     * written wherever "{port}" stands (and in PORT), and another is tried if it was lost. */
    ASSAY_PORT_FIXED,
    /* A Unix socket at the path written wherever "{socket}" stands. */
    ASSAY_PORT_UNIX,
};

enum assay_ready_kind {
    ASSAY_READY_LISTENING, /* a process of the server's tree listens on the port */
    ASSAY_READY_HTTP,      /* and GET path answers 2xx */
};

struct assay_ready {
    enum assay_ready_kind kind;
    const char *path;
};

#define assay_ready_listening()                                                                    \
    {                                                                                              \
        ASSAY_READY_LISTENING, NULL                                                                \
    }
#define assay_ready_http(path_)                                                                    \
    {                                                                                              \
        ASSAY_READY_HTTP, path_                                                                    \
    }

/*
 * The server's clock. fake: it stands, in all the server's processes and threads, until
 * assay_server_advance() moves it (libassay-clock.so is preloaded; which calls live by it and which
 * do not is told in docs/mocks.md). wall_ms: CLOCK_REALTIME at its start, 0: as it is.
 */
struct assay_server_time {
    bool fake;
    long long wall_ms;
};

#define assay_fake_clock()                                                                         \
    {                                                                                              \
        true, 0                                                                                    \
    }
#define assay_fake_clock_at(wall_ms_)                                                              \
    {                                                                                              \
        true, wall_ms_                                                                             \
    }

/* A file the server wants to find, for example its configuration; written into {tmp}. */
struct assay_server_file {
    const char *name;
    const char *text;
};

/*
 * What to run. In argv, env and the files' text, "{port}", "{tmp}" (a private directory, removed
 * when the server has ended; also its TMPDIR), "{socket}" and "{name}" are replaced; "{{" is "{".
 */
struct assay_server_conf {
    const char *name;                        /* for messages; set by ASSAY_SERVER */
    const char *argv[ASSAY_SERVER_ARGS_MAX]; /* argv[0] is looked up in PATH; NULL ends */
    const char *env[ASSAY_SERVER_ENV_MAX];   /* "NAME=VALUE" sets, "NAME" unsets; NULL ends */
    struct assay_server_file files[ASSAY_SERVER_FILES_MAX];
    const char *dir; /* working directory; default {tmp} */
    struct assay_ready ready;
    enum assay_port port;
    struct assay_server_time clock; /* default: real time */
    unsigned start_ms;              /* until ready, or it is a failure; 0: 10000 */
    unsigned stop_ms;               /* from SIGTERM to SIGKILL; 0: 5000 */
};

struct hn_server_run;

typedef struct assay_server {
    struct assay_server_conf conf;
    struct hn_server_run *run; /* the library's; NULL until first used */
} assay_server;

#define ASSAY_SERVER(name_, ...)                                                                   \
    static assay_server name_[1] __attribute__((unused)) = {{.conf = {.name = #name_, __VA_ARGS__}}}

/*
 * Start it and wait until it is ready; nothing to do if it runs. On failure, at once when it ends
 * before it is ready: false, and assay_server_problem() says why, with what it printed.
 */
bool assay_server_try_start(assay_server *server);

/* Stop, then start: on the same port, with the same {tmp}. */
bool assay_server_try_restart(assay_server *server);

/* The same as a step of a Criterion test: the test fails at this line. */
#define assay_server_start(server_)                                                                \
    cr_assert(assay_server_try_start(server_), "%s", assay_server_problem(server_))
#define assay_server_restart(server_)                                                              \
    cr_assert(assay_server_try_restart(server_), "%s", assay_server_problem(server_))

/*
 * SIGTERM, stop_ms for it to end, then SIGKILL to everything it started. Returns its exit status as
 * a shell shows it (128 + signal; 137: it had to be killed), -1 if it was not running. Runs by
 * itself when the test ends.
 */
int assay_server_stop(assay_server *server);

/* Why the last start, stop or signal did not go as asked; "" if it did. Valid until the next call.
 */
const char *assay_server_problem(assay_server *server);

/* The first use of a server starts it, by one of these three or an exchange. A server that died, or
 * that was stopped, stays so until the test starts it again. */
pid_t assay_server_pid(assay_server *server);       /* -1: does not run */
int assay_server_port(assay_server *server);        /* 0 with ASSAY_PORT_UNIX */
const char *assay_server_url(assay_server *server); /* "http://127.0.0.1:PORT", "unix:/path" */

/*
 * Move the clock of a server declared with .clock = assay_fake_clock(): through every deadline on
 * the way, the last one included. Returns when every thread of the server that has ever waited by
 * the clock is at rest again. False, and assay_server_problem() says why, when one is busy for 5
 * real seconds instead (with the stacks of all threads), when the server has no such clock or does
 * not run, or when ms is negative.
 *
 * Only while it starts and while it stops does the clock move by itself, to the next deadline, when
 * the server waits for that and for nothing else.
 */
bool assay_server_try_advance(assay_server *server, long long ms);

/*
 * Move it from deadline to deadline until the server has printed text (from here on), at most
 * limit_ms. False with the reason when it has not by then, and at once, with the stacks of all
 * threads, when no thread waits for a time any more: nothing the clock does can ever wake it.
 */
bool assay_server_try_advance_until(assay_server *server, const char *text, long long limit_ms);

#define assay_server_advance(server_, ms_)                                                         \
    cr_assert(assay_server_try_advance(server_, ms_), "%s", assay_server_problem(server_))
#define assay_server_advance_until(server_, text_, limit_ms_)                                      \
    cr_assert(assay_server_try_advance_until(server_, text_, limit_ms_), "%s",                     \
              assay_server_problem(server_))

/* CLOCK_REALTIME as a server with a fake clock tells it; -1: it has none, or never ran. */
long long assay_server_wall_ms(assay_server *server);

bool assay_server_is_alive(assay_server *server);
const char *assay_server_state(assay_server *server); /* "alive, pid 71", "exited with status 3" */
bool assay_server_wait_exit(assay_server *server, unsigned timeout_ms);

/* To the server itself, not to its children. False if it is not there any more. */
bool assay_server_signal(assay_server *server, int signal_number);

/*
 * What it printed, standard output and error in order (the last 4 MiB). The text is valid until the
 * next call. A mark is a position: what came after it is assay_server_log_since(server, mark).
 */
typedef unsigned long long assay_log_mark;
const char *assay_server_log(assay_server *server);
assay_log_mark assay_server_log_mark(assay_server *server);
const char *assay_server_log_since(assay_server *server, assay_log_mark mark);

/* Wait until text stands in what came after mark. */
bool assay_server_log_has(assay_server *server, assay_log_mark mark, const char *text,
                          unsigned timeout_ms);

/* The server and everything it started, as /proc tells it now. All zero when it does not run. */
struct assay_server_stats {
    size_t processes;
    size_t threads;
    size_t fds;
    size_t rss_bytes;
};
struct assay_server_stats assay_server_stats(assay_server *server);

#endif
