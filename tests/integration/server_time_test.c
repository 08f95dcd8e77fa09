/*
 * Servers nobody changed, living by a clock their test moves.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/test.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <assay/short.h>

enum { HOUR_MS = 3600 * 1000, ANSWER_MS = 20000, ROUNDS = 30 };

#define NGINX_CONF                                                                                 \
    "daemon off; worker_processes 2; pid {tmp}/pid;\n"                                             \
    "events { worker_connections 64; }\n"                                                          \
    "http { access_log off; client_body_temp_path {tmp}/b; proxy_temp_path {tmp}/p;\n"             \
    "  fastcgi_temp_path {tmp}/f; uwsgi_temp_path {tmp}/u; scgi_temp_path {tmp}/s;\n"              \
    "  keepalive_timeout 75s;\n"                                                                   \
    "  server { listen 127.0.0.1:{port}; root {tmp}; } }\n"

SERVER(redis,
       .argv = {"redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir",
                "{tmp}", "--hz", "1", "--dynamic-hz", "no"},
       .port = PORT_FIXED, .clock = fake_clock_at(1700000000000));
SERVER(memcached, .argv = {"memcached", "-u", "root", "-l", "127.0.0.1", "-p", "{port}"},
       .port = PORT_FIXED, .clock = fake_clock());
SERVER(nginx, .argv = {"nginx", "-p", "{tmp}", "-c", "{tmp}/nginx.conf", "-e", "stderr"},
       .files = {{"nginx.conf", NGINX_CONF}, {"index.html", "hello\n"}}, .port = PORT_FIXED,
       .ready = ready_http("/index.html"), .clock = fake_clock());
SERVER(api, .argv = {API_BINARY}, .ready = ready_http("/healthz"), .clock = fake_clock());

#define TIMELY(name_, mode_, ...)                                                                  \
    SERVER(name_, .argv = {TIMELY_BINARY, mode_}, .port = PORT_ZERO, __VA_ARGS__)
TIMELY(ticking, "ticks", .clock = fake_clock(), .env = {"LD_PRELOAD=libm.so.6"});
TIMELY(real, "ticks", .ready = ready_listening());
TIMELY(asleep, "asleep", .clock = fake_clock());
TIMELY(idling, "idle", .clock = fake_clock());
TIMELY(spinning, "spin", .clock = fake_clock());
TIMELY(forking, "forks", .clock = fake_clock());
TIMELY(late, "slow-start", .clock = fake_clock());
TIMELY(lingering, "slow-stop", .clock = fake_clock());
SERVER(fixed, .argv = {STATIC_BINARY, "ticks"}, .port = PORT_ZERO, .clock = fake_clock());
SERVER(stripped, .argv = {"env", "-u", "LD_PRELOAD", TIMELY_BINARY, "ticks"}, .port = PORT_ZERO,
       .clock = fake_clock());

static int connect_to(assay_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)assay_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0, "%s",
                 assay_server_problem(server));
    return fd;
}

/* The next bytes, "" at the end, NULL when there are none within wait_ms. */
static const char *hear(int fd, int wait_ms)
{
    static char text[4096];
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    if (poll(&ready, 1, wait_ms) != 1)
        return NULL;
    ssize_t got = read(fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void expect_answer(int fd, const char *question, const char *answer)
{
    say(fd, question);
    const char *heard = hear(fd, ANSWER_MS);
    cr_expect(heard && strncmp(heard, answer, strlen(answer)) == 0, "%s: expected %s, got %s",
              question, answer, heard ? heard : "nothing");
}

static void has_problem(assay_server *server, const char *part)
{
    cr_expect(strstr(assay_server_problem(server), part), "\"%s\" is missing in:\n%s", part,
              assay_server_problem(server));
}

Test(server_time, redis_forgets_a_key_after_an_hour)
{
    int fd = connect_to(redis);

    expect_answer(fd, "SET key value EX 3600\r\n", "+OK");
    server_advance(redis, HOUR_MS - 1000);
    expect_answer(fd, "GET key\r\n", "$5\r\nvalue");
    expect_answer(fd, "TTL key\r\n", ":1");
    server_advance(redis, 1001);
    expect_answer(fd, "GET key\r\n", "$-1");
    cr_expect_eq(assay_server_wall_ms(redis), 1700000000000 + HOUR_MS + 1);
    (void)close(fd);
    cr_expect_eq(server_stop(redis), 0); /* at its next tick: time for that is given */
}

Test(server_time, a_restart_goes_on_where_the_clock_stood)
{
    server_start(redis);
    server_advance(redis, 5000);
    server_restart(redis);
    int fd = connect_to(redis);
    expect_answer(fd, "TIME\r\n", "*2\r\n$10\r\n17000000");
    cr_expect_geq(assay_server_wall_ms(redis), 1700000005000);
    server_advance(redis, 1000);
    expect_answer(fd, "PING\r\n", "+PONG");
}

Test(server_time, memcached_forgets_an_item)
{
    int fd = connect_to(memcached);

    server_advance(memcached, 10); /* it listens first, and sleeps a millisecond before it serves */
    expect_answer(fd, "set key 0 600 5\r\nvalue\r\n", "STORED");
    server_advance(memcached, 595 * 1000);
    expect_answer(fd, "get key\r\n", "VALUE key 0 5");
    server_advance(memcached, 10 * 1000);
    expect_answer(fd, "get key\r\n", "END");
    (void)close(fd);
}

Test(server_time, nginx_closes_an_idle_connection)
{
    int fd = connect_to(nginx);

    expect_answer(fd, "GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200");
    cr_expect_eq(server_stats(nginx).processes, 3);
    server_advance(nginx, 74 * 1000);
    const char *early = hear(fd, 0);
    cr_expect(!early || *early, "closed too early"); /* the body may have come late */
    expect_answer(fd, "GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200");
    server_advance(nginx, 76 * 1000);
    const char *rest = hear(fd, ANSWER_MS);
    while (rest && *rest)
        rest = hear(fd, ANSWER_MS);
    cr_expect(rest, "still open after keepalive_timeout");
    (void)close(fd);
}

/* A listener that takes connections and never answers, where nginx looks for it. */
static int mute_upstream(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    cr_assert_eq(listen(fd, 4), 0);
    return fd;
}

static unsigned port_of(int fd)
{
    struct sockaddr_in where = {0};
    socklen_t size = sizeof where;

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    return ntohs(where.sin_port);
}

static void proxy_to(int upstream)
{
    static char conf[1024];

    (void)snprintf(conf, sizeof conf,
                   "daemon off; pid {tmp}/pid; events { worker_connections 64; }\n"
                   "http { access_log off; client_body_temp_path {tmp}/b;\n"
                   "proxy_temp_path {tmp}/p; fastcgi_temp_path {tmp}/f;\n"
                   "uwsgi_temp_path {tmp}/u; scgi_temp_path {tmp}/s; proxy_read_timeout 600s;\n"
                   "server { listen 127.0.0.1:{port};\n"
                   "location / { proxy_pass http://127.0.0.1:%u; } } }\n",
                   port_of(upstream));
    nginx->conf.files[0].text = conf;
    nginx->conf.ready = (struct assay_ready)ready_listening();
}

Test(server_time, nginx_gives_up_on_an_upstream)
{
    int upstream = mute_upstream();

    proxy_to(upstream);
    int fd = connect_to(nginx);
    say(fd, "GET / HTTP/1.0\r\n\r\n");
    int asked = accept(upstream, NULL, NULL);
    cr_assert(hear(asked, ANSWER_MS)); /* nginx has sent the request, and waits */
    server_advance(nginx, 599 * 1000);
    cr_expect_null(hear(fd, 0));
    server_advance(nginx, 2 * 1000);
    const char *answer = hear(fd, ANSWER_MS);
    cr_expect(answer && strncmp(answer, "HTTP/1.1 504", 12) == 0, "%s", answer ? answer : "-");
    (void)close(asked);
    (void)close(upstream);
    (void)close(fd);
}

/* Answers one request, after some work: who looks only at the server sees nobody run. */
static void *answer_late(void *listener)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\n\r\nlate\n";
    static volatile unsigned worked;
    char bytes[4096];
    int fd = accept(*(int *)listener, NULL, NULL);

    (void)!read(fd, bytes, sizeof bytes);
    while (worked < 50000000)
        worked++;
    (void)!write(fd, answer, sizeof answer - 1);
    (void)close(fd);
    return NULL;
}

Test(server_time, a_thread_of_the_test_that_is_to_answer_is_waited_for)
{
    int upstream = mute_upstream();
    pthread_t thread;

    proxy_to(upstream);
    int fd = connect_to(nginx);
    cr_assert_eq(pthread_create(&thread, NULL, answer_late, &upstream), 0);
    say(fd, "GET / HTTP/1.0\r\n\r\n");
    server_advance(nginx, 601 * 1000);
    const char *answer = hear(fd, ANSWER_MS);
    cr_expect(answer && strncmp(answer, "HTTP/1.1 200", 12) == 0, "%s", answer ? answer : "-");
    (void)pthread_join(thread, NULL);
    (void)close(upstream);
    (void)close(fd);
}

Test(server_time, what_was_sent_before_an_advance_is_seen_before_it)
{
    for (int i = 0; i < ROUNDS; i++) {
        int fd = connect_to(idling); /* closes what it has not heard from for 30 s */
        server_advance(idling, 25 * 1000);
        say(fd, "x");
        server_advance(idling, 29999);
        cr_expect_null(hear(fd, 0), "round %d: closed too early", i);
        server_advance(idling, 1);
        const char *end = hear(fd, ANSWER_MS);
        cr_assert(end && !*end, "round %d: still open", i);
        (void)close(fd);
    }
}

Test(server_time, nginx_times_a_half_request_from_when_it_was_sent)
{
    nginx->conf.ready = (struct assay_ready)ready_listening();
    for (int i = 0; i < ROUNDS; i++) {
        int fd = connect_to(nginx);
        say(fd, "GET");
        server_advance(nginx, 30 * 1000);
        server_advance(nginx, 30 * 1000 + 100); /* client_header_timeout: 60 s */
        cr_assert(hear(fd, ANSWER_MS), "round %d: still waited for", i);
        (void)close(fd);
    }
}

Test(server_time, api_ends_a_request_that_takes_too_long)
{
    int fd = connect_to(api);

    say(fd, "GET /healthz HTTP/1.1\r\nHo");
    server_advance(api, 9 * 1000);
    cr_expect_null(hear(fd, 0));
    server_advance(api, 2 * 1000);
    cr_expect(hear(fd, ANSWER_MS), "the half request is still waited for");
    (void)close(fd);
}

/* Is text in its environment? */
static bool has_in_environ(assay_server *server, const char *text)
{
    static char environment[65536];
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/environ", server_pid(server));
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(environment, 1, sizeof environment, file) : 0;
    if (file)
        (void)fclose(file);
    return memmem(environment, size, text, strlen(text) + 1) != NULL;
}

Test(server_time, ticks_come_one_by_one_and_another_preload_stays)
{
    server_start(ticking);
    server_advance(ticking, 999);
    cr_expect_null(strstr(server_log(ticking), "tick 1\n"));
    server_advance(ticking, 1);
    cr_expect(strstr(server_log(ticking), "tick 1\n"));
    server_advance(ticking, 100 * 1000);
    cr_expect(assay_server_log_has(ticking, 0, "tick 101\n", ANSWER_MS));
    cr_expect_null(strstr(server_log(ticking), "tick 102\n"));
    cr_expect(has_in_environ(ticking, "libassay-clock.so:libm.so.6"));
}

Test(server_time, of_a_preload_only_the_runner_s_part_goes)
{
    cr_assert_eq(setenv("LD_PRELOAD", "libm.so.6 /nowhere/libassay-runner.so", 1), 0);
    server_start(real);
    cr_expect(has_in_environ(real, "LD_PRELOAD=libm.so.6"));
    server_start(asleep);
    cr_expect(has_in_environ(asleep, "/libassay-clock.so:libm.so.6"));
}

Test(server_time, it_advances_until_something_is_printed)
{
    server_start(ticking);
    server_advance_until(ticking, "tick 50\n", HOUR_MS);
    cr_expect_null(strstr(server_log(ticking), "tick 51\n"));
    cr_expect_not(assay_server_try_advance_until(ticking, "tock", 5000));
    has_problem(ticking, "it has not printed \"tock\" within 5000 ms of its clock");
}

Test(server_time, what_nothing_can_wake_fails_with_stacks)
{
    server_start(asleep);
    cr_expect_not(assay_server_try_advance_until(asleep, "tick 4\n", HOUR_MS));
    has_problem(asleep, "server asleep: nothing can ever wake it");
    has_problem(asleep, " main\n");
    has_problem(asleep, " mk_fake_poll\n"); /* frames between have names, too */
    cr_expect(strstr(assay_server_state(asleep), "clock stands, and no thread waits for a time"));
}

/* It has nothing to do until somebody asks: nothing is wrong with that. */
Test(server_time, what_waits_for_no_time_passes_it)
{
    server_start(asleep);
    server_advance(asleep, HOUR_MS); /* three ticks, then it polls without a limit */
    server_advance(asleep, HOUR_MS);
    cr_expect(assay_server_log_has(asleep, 0, "tick 3\n", ANSWER_MS));
    cr_expect_null(strstr(server_log(asleep), "tick 4\n"));
}

Test(server_time, what_never_rests_fails_with_stacks)
{
    server_start(spinning);
    cr_expect_not(assay_server_try_advance(spinning, HOUR_MS));
    has_problem(spinning, "(server_timely) of process");
    has_problem(spinning, "does not come to rest");
    has_problem(spinning, " spin_for_ever\n");
}

Test(server_time, children_live_by_the_same_clock)
{
    server_start(forking);
    server_advance(forking, 1000 + 499);
    cr_expect_null(strstr(server_log(forking), "child 1\n"));
    server_advance(forking, 1);
    cr_expect(assay_server_log_has(forking, 0, "child 1\n", ANSWER_MS), "%s", server_log(forking));
    server_advance(forking, 1500);
    cr_expect(assay_server_log_has(forking, 0, "child 2\n", ANSWER_MS));
}

Test(server_time, starting_and_stopping_get_the_time_they_need)
{
    server_start(late);
    cr_expect_geq(assay_server_wall_ms(late), HOUR_MS);
    server_start(lingering);
    cr_expect_eq(server_stop(lingering), 7);
}

Test(server_time, a_clock_goes_forward_only)
{
    server_start(ticking);
    cr_expect_not(assay_server_try_advance(ticking, -1));
    has_problem(ticking, "by -1 ms: a clock does not go back");
    cr_expect_not(assay_server_try_advance(ticking, INT64_MAX));
    has_problem(ticking, "further than 64 bits of nanoseconds reach");
    server_advance(ticking, 0);
    cr_expect_null(strstr(server_log(ticking), "tick 1\n"));
}

Test(server_time, what_has_no_fake_clock_says_so)
{
    server_start(real);
    cr_expect_not(assay_server_try_advance(real, 1));
    has_problem(real, "server real: its clock is real: declare it with .clock = fake_clock()");
    cr_expect_not(assay_server_try_start(fixed));
    has_problem(fixed, "is statically linked: libassay-clock.so cannot be preloaded");
    cr_expect_not(assay_server_try_start(stripped));
    has_problem(stripped, "its clock is real, for it runs without libassay-clock.so");
    server_start(ticking);
    (void)server_stop(ticking);
    cr_expect_not(assay_server_try_advance(ticking, 1));
    has_problem(ticking, "server ticking: is not running any more");
}
