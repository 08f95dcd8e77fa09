/*
 * The api fixture against what no well-meaning client sends: raw bytes over a socket.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/test.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <assay/short.h>

SERVER(api, .argv = {API_BINARY}, .ready = ready_http("/healthz"));

enum { ANSWER_MAX = 1 << 20, PATIENCE_MS = 15000 };

static char answer[ANSWER_MAX];

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)assay_server_port(api)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Everything until the server closes; "" after PATIENCE_MS of silence. */
static const char *read_all(int fd)
{
    size_t size = 0;

    while (size < sizeof answer - 1) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) <= 0)
            break;
        ssize_t got = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    answer[size] = '\0';
    return answer;
}

static const char *say(const void *bytes, size_t size)
{
    int fd = dial();

    (void)send(fd, bytes, size, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    const char *text = read_all(fd);
    (void)close(fd);
    return text;
}

static int count(const char *text, const char *part)
{
    int found = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        found++;
    return found;
}

struct attack {
    const char *bytes;
    const char *status; /* the only answer; "" is: closed without one */
};

#define HOST "Host: x\r\n"
#define SMUGGLED "GET /healthz HTTP/1.1\r\n" HOST "\r\n"

static const struct attack attacks[] = {
    {"\r\n\r\n\r\n", ""},
    {"GARBAGE\r\n\r\n", "400"},
    {"GET\r\n\r\n", "400"},
    {"GET /healthz\r\n\r\n", "400"},
    {"GET /healthz HTTP/9.9\r\n" HOST "\r\n", "400"},
    {"GET /healthz HTTP/1.1\r\n\r\n", "400"}, /* no Host */
    {"GET http://x/healthz HTTP/1.1\r\n" HOST "\r\n", "400"},
    {"GET /healthz HTTP/1.1\r\n" HOST "Bad Header: x\r\n\r\n", "400"},
    {"GET /healthz HTTP/1.1\r\n" HOST ": x\r\n\r\n", "400"},
    {"GET /healthz HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n", "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Content-Length: 9999999999\r\n\r\n", "413"},
    {"POST /users HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
    {"POST /users HTTP/1.1\r\n" HOST
     "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
     "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n" SMUGGLED, "400"},
    {"POST /users HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", ""},
    {"GET /users/%00 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "400"},
    {"GET /users/%2e%2e%2fetc HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "400"},
    {"GET /users/../../etc/passwd HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "404"},
    {"CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n", "400"},
};

Test(api_hostile, every_attack_has_at_most_one_answer)
{
    server_start(api);
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        const char *text = say(attacks[i].bytes, strlen(attacks[i].bytes));
        cr_expect_eq(count(text, "HTTP/1.1 "), attacks[i].status[0] != '\0', "%zu: %s\n-> %s", i,
                     attacks[i].bytes, text);
        if (attacks[i].status[0])
            cr_expect_eq(strncmp(text + 9, attacks[i].status, 3), 0, "%zu: %s\n-> %s", i,
                         attacks[i].bytes, text);
    }
    http(api, get("/healthz"), expect(200));
}

Test(api_hostile, headers_without_a_value_stay_apart)
{
    static const char text[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Empty:\r\n"
                               "X-Request-Id: abc\r\n\r\n";

    server_start(api);
    cr_assert(strstr(say(text, sizeof text - 1), "X-Request-Id: abc\r\n"), "%s", answer);
}

Test(api_hostile, endless_heads_are_refused)
{
    static char head[64 * 1024];
    static const char *const starts[] = {"GET /", "GET / HTTP/1.1\r\nX: ", "GET / HTTP/1.1\r\n"};

    server_start(api);
    for (size_t i = 0; i < 3; i++) {
        memset(head, 'a', sizeof head);
        memcpy(head, starts[i], strlen(starts[i]));
        const char *text = say(head, sizeof head);
        cr_expect_eq(strncmp(text, "HTTP/1.1 431", 12), 0, "%zu: %s", i, text);
    }
}

Test(api_hostile, too_many_headers_are_refused)
{
    static char head[8192] = "GET / HTTP/1.1\r\n";

    server_start(api);
    for (int i = 0; i < 100; i++)
        strcat(head, "A: b\r\n");
    strcat(head, "\r\n");
    cr_assert_eq(strncmp(say(head, strlen(head)), "HTTP/1.1 431", 12), 0);
}

Test(api_hostile, pipelined_requests_are_answered_in_order)
{
    static char text[64 * 1024];
    enum { REQUESTS = 200 };

    server_start(api);
    for (int i = 0; i < REQUESTS; i++)
        (void)snprintf(text + strlen(text), 128,
                       "GET /users/%d HTTP/1.1\r\nHost: x\r\nX-Request-Id: r%d\r\n\r\n", i + 1, i);
    const char *all = say(text, strlen(text));

    cr_assert_eq(count(all, "HTTP/1.1 404"), REQUESTS);
    const char *at = all;
    for (int i = 0; i < REQUESTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "X-Request-Id: r%d\r\n", i);
        at = strstr(at, id);
        cr_assert(at, "%s is missing or out of order", id);
    }
}

Test(api_hostile, one_byte_at_a_time_is_the_same_request)
{
    static const char text[] =
        "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "10\r\n{\"name\": \"Ann\", \r\n10\r\n\"email\": \"a@b\"} \r\n0\r\n\r\n";
    server_start(api);
    int fd = dial();

    for (size_t i = 0; i + 1 < sizeof text; i++)
        cr_assert_eq(send(fd, text + i, 1, MSG_NOSIGNAL), 1);
    (void)shutdown(fd, SHUT_WR);
    cr_assert_eq(strncmp(read_all(fd), "HTTP/1.1 201", 12), 0, "%s", answer);
    (void)close(fd);
}

Test(api_hostile, expect_continue_is_answered_first)
{
    static const char head[] =
        "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    char first[64] = "";
    server_start(api);
    int fd = dial();

    cr_assert_eq(send(fd, head, sizeof head - 1, MSG_NOSIGNAL), (ssize_t)sizeof head - 1);
    cr_assert_gt(recv(fd, first, sizeof first - 1, 0), 0);
    cr_assert_str_eq(first, "HTTP/1.1 100 Continue\r\n\r\n");
    cr_assert_eq(send(fd, "{}", 2, MSG_NOSIGNAL), 2);
    (void)shutdown(fd, SHUT_WR);
    cr_assert_eq(strncmp(read_all(fd), "HTTP/1.1 422", 12), 0);
    (void)close(fd);
}

/* A seeded walk: valid requests with bytes flipped, cut, doubled. It must answer or close. */
Test(api_hostile, mutated_requests_never_end_it)
{
    static const char seed[] = "POST /users?limit=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\n"
                               "Content-Type: application/json\r\nContent-Length: 32\r\n\r\n"
                               "{\"name\":\"Ann\",\"email\":\"ann@b.c\"}GET / HTTP/1.1\r\n\r\n";
    char bytes[2 * sizeof seed];
    unsigned short state[3] = {1, 2, 3};

    server_start(api);
    pid_t pid = server_pid(api);
    for (int i = 0; i < 3000; i++) {
        size_t size = sizeof seed - 1;
        memcpy(bytes, seed, size);
        for (long n = nrand48(state) % 4; n >= 0; n--)
            bytes[(size_t)nrand48(state) % size] = (char)nrand48(state);
        if (nrand48(state) % 3 == 0)
            size = (size_t)nrand48(state) % size;
        (void)say(bytes, size);
    }
    cr_assert(assay_server_is_alive(api));
    cr_assert_eq(server_pid(api), pid);
    http(api, get("/healthz"), expect(200));
}

Test(api_hostile, clients_that_leave_in_the_middle_cost_nothing)
{
    static const char half[] = "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc";

    server_start(api);
    http(api, get("/healthz"), expect(200));
    size_t before = server_stats(api).fds;

    for (int i = 0; i < 300; i++) {
        struct linger reset = {.l_onoff = 1};
        int fd = dial();
        (void)send(fd, half, sizeof half - 1, 0);
        if (i % 2)
            (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        (void)close(fd);
    }
    for (int i = 0; i < 500 && server_stats(api).fds > before; i++)
        http(api, get("/healthz"), expect(200));
    cr_assert_leq(server_stats(api).fds, before);
}

Test(api_hostile, drain_answers_what_is_under_way)
{
    static const char head[] =
        "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 32\r\n\r\n";
    server_start(api);
    assay_log_mark mark = assay_server_log_mark(api);
    int busy = dial();
    int idle = dial();
    char byte;

    cr_assert_eq(send(busy, head, sizeof head - 1, 0), (ssize_t)sizeof head - 1);
    (void)say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
              34); /* the loop has seen the head by now */
    cr_assert(assay_server_log_has(api, mark, "/healthz 200", 5000));
    cr_assert(server_signal(api, SIGTERM));
    cr_assert_eq(recv(idle, &byte, 1, 0), 0); /* closed at once */
    cr_assert_eq(send(busy, "{\"name\":\"Ann\",\"email\":\"ann@b.c\"}", 32, 0), 32);
    const char *text = read_all(busy);
    cr_assert_eq(strncmp(text, "HTTP/1.1 201", 12), 0, "%s", text);
    cr_assert(strstr(text, "Connection: close"));
    (void)close(busy);
    (void)close(idle);
    cr_assert(assay_server_wait_exit(api, 5000));
    cr_assert_str_eq(assay_server_state(api), "exited with status 0");
}
