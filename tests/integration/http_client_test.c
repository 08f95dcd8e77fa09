/*
 * The HTTP client against servers that behave and servers that do not, and the text of a failure.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <assay/short.h>

#include "tests/integration/http_canned.h"

SERVER(api, .argv = {API_BINARY}, .ready = ready_http("/healthz"));
SERVER(over_unix,
       .argv = {"python3", "-c",
                "import socketserver, http.server, sys\n"
                "class H(http.server.BaseHTTPRequestHandler):\n"
                "  def do_GET(self):\n"
                "    self.send_response(200); self.send_header('X-Host', self.headers['Host'])\n"
                "    self.end_headers(); self.wfile.write(self.path.encode())\n"
                "  def address_string(self): return 'unix'\n"
                "socketserver.UnixStreamServer(sys.argv[1], H).serve_forever()",
                "{socket}"},
       .port = PORT_UNIX, .ready = ready_listening());

/* The same exchange without the assertion, for what must fail. */
#define failure_of(to_, ...)                                                                       \
    assay_response_failure(                                                                        \
        assay_http_run(assay_target_of(to_), (const assay_step[]){__VA_ARGS__, {.kind = 0}}))

#define cr_assert_has(text_, part_)                                                                \
    do {                                                                                           \
        const char *has_text_ = (text_);                                                           \
        cr_assert(has_text_ &&strstr(has_text_, part_), "\"%s\" is missing in:\n%s", part_,        \
                  has_text_ ? has_text_ : "(no failure)");                                         \
    } while (0)

Test(http_client, failure_tells_everything_at_once)
{
    const char *text =
        failure_of(api, post("/users"), json("{name: 'Ann', email: 'a@b'}"), expect(200),
                   expect_header("content-type", "xml"), expect_header("x-none", NULL),
                   expect_no_header("location"), expect_json(".name == 'Bob'"), expect_body("x"),
                   expect_body_has("nothing such"));

    cr_assert_has(text, "expected status 200, got 201");
    cr_assert_has(text, "expected header content-type to contain \"xml\", got \"application/json");
    cr_assert_has(text, "expected header x-none, it is absent");
    cr_assert_has(text, "expected no header location, got \"/users/1\"");
    cr_assert_has(text, "expected JSON .name == 'Bob', it is false; .name is \"Ann\"");
    cr_assert_has(text, "they differ from byte 0 on");
    cr_assert_has(text, "expected body to contain \"nothing such\"");
    cr_assert_has(text, "(7 of 7 expectations not met)");
    cr_assert_has(text, "{\"name\": \"Ann\", \"email\": \"a@b\"}"); /* the request's body */
    cr_assert_has(text, "HTTP/1.1 201 Created");
    cr_assert_has(text, "curl -i --path-as-is -H 'Content-Type: application/json'");
    cr_assert_has(text, "server api: alive, pid ");
    cr_assert_has(text, "POST /users 201");
}

Test(http_client, failure_shows_only_the_log_of_this_request)
{
    http(api, get("/healthz"), expect(200));
    const char *text = failure_of(api, get("/nothing"), expect(200));

    cr_assert_has(text, "GET /nothing 404");
    cr_assert_null(strstr(text, "/healthz 200"));
}

/* Run what the failure says by hand, and get the same answer. */
Test(http_client, curl_line_does_the_same)
{
    char command[2048];
    char answer[4096] = "";
    const char *text = failure_of(api, post("/users"),
                                  json("{name: 'O\\'Neil $HOME', email: 'x@y'}"), expect(500));
    const char *line = text ? strstr(text, "curl -i") : NULL;

    cr_assert(line);
    (void)snprintf(command, sizeof command, "%.*s 2>/dev/null", (int)strcspn(line, "\n"), line);
    FILE *curl = popen(command, "r");
    cr_assert_gt(fread(answer, 1, sizeof answer - 1, curl), 0);
    (void)pclose(curl);
    cr_assert_has(answer, "409 Conflict"); /* the same user again */
}

Test(http_client, a_session_is_one_visitor)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc\r\nContent-Length: 0\r\n"
                                 "Connection: close\r\n\r\n";
    struct canned first;
    struct canned second;
    session *visitor = session_new(NULL);

    canned_start(&first, answer, sizeof answer - 1);
    canned_start(&second, answer, sizeof answer - 1);
    http_as(visitor, get(first.url), expect(200), expect_header("set-cookie", "sid"));
    http_as(visitor, get(second.url), expect(200)); /* the same host: cookies know no port */
    canned_end(&first);
    canned_end(&second);

    cr_assert_null(strstr(first.request, "Cookie: "));
    cr_assert_has(second.request, "Cookie: sid=abc");
}

Test(http_client, plain_exchanges_carry_no_cookies)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc\r\nContent-Length: 0\r\n"
                                 "Connection: close\r\n\r\n";
    struct canned canned[2];

    for (int i = 0; i < 2; i++) {
        canned_start(&canned[i], answer, sizeof answer - 1);
        http(canned[i].url, get("/"), expect(200));
        canned_end(&canned[i]);
        cr_assert_null(strstr(canned[i].request, "Cookie: "));
    }
}

Test(http_client, sends_exactly_what_the_test_says)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    struct canned canned;

    canned_start(&canned, answer, sizeof answer - 1);
    http(canned.url, post("/a/../b%2f?x=1"), query("q", "ä b"), header("X-Empty", "%s", ""),
         header("X-Request-Id", "mine"), body(NULL, "\0\1\2", 3), expect(204));
    canned_end(&canned);

    cr_assert_has(canned.request, "POST /a/../b%2f?x=1&q=%C3%A4%20b HTTP/1.1\r\n");
    cr_assert_has(canned.request, "X-Empty:\r\n");
    cr_assert_has(canned.request, "X-Request-Id: mine\r\n");
    cr_assert_has(canned.request, "Content-Length: 3\r\n");
    cr_assert_null(strcasestr(canned.request, "content-type"));
    cr_assert_null(strcasestr(canned.request, "expect:"));
}

Test(http_client, proxies_of_the_environment_are_ignored)
{
    cr_assert_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    cr_assert_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    http(api, get("/healthz"), expect(200));
}

Test(http_client, unix_sockets_are_spoken)
{
    http(over_unix, get("/over/unix"), expect(200), expect_body("/over/unix"),
         expect_header("x-host", "localhost"));
    cr_assert_eq(strncmp(server_url(over_unix), "unix:/", 6), 0);
}

Test(http_client, time_limit_is_an_answer)
{
    kill(server_pid(api), SIGSTOP);
    response *r = http(api, get("/healthz"), timeout_ms(200), expect_no_answer("timed out"));
    cr_assert_eq(r->status, 0);
    cr_assert_has(failure_of(api, get("/healthz"), timeout_ms(100), expect(200)),
                  "(stopped by a signal)");
    kill(server_pid(api), SIGCONT);
    http(api, get("/healthz"), expect(200));
}

struct bad_answer {
    const char *bytes;
    size_t size;
    const char *why;
};

#define BAD(bytes_, why_)                                                                          \
    {                                                                                              \
        bytes_, sizeof bytes_ - 1, why_                                                            \
    }

Test(http_client, broken_answers_are_told_never_believed)
{
    static const struct bad_answer bad[] = {
        BAD("", "Empty reply"),
        BAD("\0\0\0\0\0\0\0\0\n", "HTTP/0.9"),
        BAD("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "bytes remaining"),
        BAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "hunk"),
        BAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ""),
        BAD("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ""),
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct canned canned;
        canned_start(&canned, bad[i].bytes, bad[i].size);
        response *r = http(canned.url, get("/"), expect_no_answer(bad[i].why));
        cr_assert_not_null(r->error, "%zu", i);
        canned_end(&canned);
    }
}

Test(http_client, an_endless_header_does_not_fill_memory)
{
    size_t size = 64 << 20;
    char *answer = malloc(size);
    struct canned canned;

    memset(answer, 'a', size);
    memcpy(answer, "HTTP/1.1 200 OK\r\nX: ", 20);
    canned_start(&canned, answer, size);
    http(canned.url, get("/"), expect_no_answer(NULL));
    canned_end(&canned);
    free(answer);
}

Test(http_client, binary_bodies_keep_every_byte)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\0b\xff\n";
    struct canned canned;

    canned_start(&canned, answer, sizeof answer - 1);
    response *r = http(canned.url, get("/"), expect(200));
    canned_end(&canned);
    cr_assert_eq(r->body_size, 5);
    cr_assert_eq(memcmp(r->body, "a\0b\xff\n", 5), 0);
}

Test(http_client, json_expectations_on_no_json_say_so)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>";
    struct canned canned;

    canned_start(&canned, answer, sizeof answer - 1);
    cr_assert_has(failure_of(canned.url, get("/"), expect_json(".a == 1")), "the body is no JSON");
    canned_end(&canned);
}

Test(http_client, capture_feeds_the_next_request)
{
    response *r = http(api, post("/users"), json("{name: 'A', email: 'a@b'}"), expect(201));

    cr_assert_str_eq(capture(r, ".name"), "A");
    cr_assert_str_eq(capture(r, ".id"), "1");
    cr_assert_null(capture(r, ".none"));
    cr_assert_null(capture(r, ".["));
    http(api, get("/users"), query("limit", "%s", capture(r, ".id")), expect(200));
}

Test(http_client, thousands_of_exchanges_reuse_one_connection)
{
    for (int i = 0; i < 3000; i++)
        http(api, get("/healthz"), expect(200));
    cr_assert_leq(server_stats(api).fds, 20);
}

Test(http_client, a_forked_copy_must_make_its_own_session)
{
    session *visitor = session_new(api);

    http_as(visitor, get("/healthz"), expect(200));
    pid_t child = fork();
    if (child == 0) {
        assay_response *r =
            assay_http_run(assay_target_session(visitor),
                           (const assay_step[]){assay_get("/healthz"), {.kind = 0}});
        _exit(assay_response_failure(r) && strstr(assay_response_failure(r), "another process")
                  ? 0
                  : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}
