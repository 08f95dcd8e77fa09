/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "harness/http/http_exchange.h"
#include "harness/http/http_steps.h"

static struct pf_arena arena;

static bool build(struct hn_http_request *out, const assay_step *steps, struct pf_err *err)
{
    bool ok = hn_http_request_build(out, &arena, "http://h:1", steps, err);

    hn_http_steps_release(steps);
    return ok;
}

#define STEPS(...) ((const assay_step[]){__VA_ARGS__, {.kind = HN_STEP_END}})

Test(http_request, steps_in_any_order_make_one_request)
{
    struct hn_http_request request = {0};
    struct pf_err err = {0};

    cr_assert(build(&request,
                    STEPS(assay_header("X-A", "%d", 7), assay_query("q", "%s", "a b&c"),
                          assay_expect(200), assay_post("/p?z=1"), assay_json("{a: %d}", 1),
                          assay_timeout_ms(5), assay_follow(2)),
                    &err),
              "%s", err.text);

    cr_assert_str_eq(request.method, "POST");
    cr_assert_str_eq(request.url, "http://h:1/p?z=1&q=a%20b%26c");
    cr_assert_str_eq(request.headers[0], "X-A: 7");
    cr_assert_str_eq(request.headers[1], "Content-Type: application/json");
    cr_assert_null(request.headers[2]);
    cr_assert_str_eq(request.body, "{\"a\": 1}");
    cr_assert_eq(request.timeout_ms, 5);
    cr_assert_eq(request.max_redirects, 2);
}

Test(http_request, own_content_type_wins)
{
    struct hn_http_request request = {0};
    struct pf_err err = {0};

    cr_assert(build(
        &request, STEPS(assay_post("/"), assay_header("content-type", "text/x"), assay_json("{}")),
        &err));
    cr_assert_str_eq(request.headers[0], "content-type: text/x");
    cr_assert_null(request.headers[1]);
}

Test(http_request, whole_urls_and_unix_sockets)
{
    struct hn_http_request request = {0};
    struct pf_err err = {0};
    const assay_step *steps = STEPS(assay_get("http://other/x"));

    cr_assert(build(&request, steps, &err));
    cr_assert_str_eq(request.url, "http://other/x");

    steps = STEPS(assay_get("/x"));
    cr_assert(hn_http_request_build(&request, &arena, "unix:/run/s", steps, &err));
    cr_assert_str_eq(request.url, "http://localhost/x");
    cr_assert_str_eq(request.socket_path, "/run/s");
    hn_http_steps_release(steps);
}

Test(http_request, what_cannot_be_sent_is_refused)
{
    struct hn_http_request request = {0};
    struct pf_err err = {0};

    cr_assert_not(build(&request, STEPS(assay_expect(200)), &err));
    cr_assert(strstr(err.text, "no method and path"));
    cr_assert_not(build(&request, STEPS(assay_get("/a"), assay_post("/b")), &err));
    cr_assert(strstr(err.text, "both GET /a and POST /b"));
    cr_assert_not(
        build(&request, STEPS(assay_post("/"), assay_json("1"), assay_form("a=1")), &err));
    cr_assert(strstr(err.text, "two bodies"));
    cr_assert_not(build(&request, STEPS(assay_get("/"), assay_header("A", "x\r\nB: y")), &err));
    cr_assert(strstr(err.text, "holds a line break"));
}

Test(http_request, too_many_headers_are_refused)
{
    assay_step steps[HN_HEADERS_MAX + 3] = {assay_get("/")};
    struct hn_http_request request = {0};
    struct pf_err err = {0};

    for (int i = 1; i <= HN_HEADERS_MAX + 1; i++)
        steps[i] = assay_header("A", "x");
    cr_assert_not(build(&request, steps, &err));
    cr_assert(strstr(err.text, "more than 64 headers"), "%s", err.text);
}

Test(http_request, curl_line_survives_a_shell)
{
    struct hn_http_request request = {0};
    struct pf_err err = {0};
    struct pf_buf line = {0};

    cr_assert(build(&request,
                    STEPS(assay_put("/it's"), assay_header("X-A", "$HOME"),
                          assay_body("text/plain", "it's", 4)),
                    &err));
    hn_http_curl_line(&line, &request);

    cr_assert_str_eq(pf_buf_cstr(&line),
                     "curl -i --path-as-is -X PUT -H 'X-A: $HOME' -H 'Content-Type: text/plain' "
                     "--data-raw 'it'\\''s' 'http://h:1/it'\\''s'");
    pf_buf_fini(&line);
}

Test(http_request, headers_of_an_answer_are_found_without_case)
{
    static const char text[] = "HTTP/1.1 200 OK\nSet-Cookie: a=1\nX:\nset-cookie:  b=2\nX-Y: z";
    struct pf_buf headers = {0};
    size_t position = 0;
    size_t size = 0;

    pf_buf_put_str(&headers, text);
    const char *first = hn_http_next_header(&headers, "SET-COOKIE", &position, &size);
    cr_assert_eq(strncmp(first, "a=1", size), 0);
    const char *second = hn_http_next_header(&headers, "SET-COOKIE", &position, &size);
    cr_assert_eq(strncmp(second, "b=2", size), 0);
    cr_assert_eq(size, 3);
    cr_assert_null(hn_http_next_header(&headers, "SET-COOKIE", &position, &size));
    position = 0;
    cr_assert_not_null(hn_http_next_header(&headers, "x", &position, &size));
    cr_assert_eq(size, 0);
    position = 0;
    cr_assert_null(hn_http_next_header(&headers, "x-", &position, &size));
    pf_buf_fini(&headers);
}
