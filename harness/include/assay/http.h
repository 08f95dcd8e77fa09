/*
 * Talk HTTP to a server under test: one expression an exchange, request and expectations together.
 *
 *     assay_http(api, assay_post("/users"), assay_json("{name: 'ann'}"),
 *                assay_expect(201), assay_expect_header("location", "/users/"),
 *                assay_expect_json(".name == 'ann'"));
 *
 * All expectations are evaluated; what failed is shown at once, with the request, the response and
 * its body, a curl command that does the same, what the server printed meanwhile and whether it
 * still lives. Steps may stand in any order. Short names (http, get, expect ...) are in
 * <assay/short.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_HTTP_H
#define ASSAY_HTTP_H

#include <assay/server.h>
#include <stdbool.h>
#include <stddef.h>

#define ASSAY_FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))

/* Cookies and kept connections of one visitor. Without one, every exchange stands for itself. */
typedef struct assay_session assay_session;

/*
 * What a server answered. Belongs to the library; valid for the next 1000 exchanges with the same
 * session or server.
 */
typedef struct assay_response {
    int status;       /* 0: no answer, see error */
    const char *body; /* NUL-terminated, the NUL not counted */
    size_t body_size;
    const char *error; /* why there was no (whole) answer; NULL if there was */
    double seconds;    /* from the first byte sent to the last received */
    int redirects;     /* followed; see assay_follow() */
} assay_response;

/* One part of a request, or one expectation of its response. Made by the functions below. */
typedef struct assay_step {
    int kind;
    const char *name;
    char *value; /* a copy, released by the exchange */
    size_t size;
    long number;
} assay_step;

/* ---- the request: the first five say method and path (path may be a whole URL) ---- */
assay_step assay_get(const char *path);
assay_step assay_post(const char *path);
assay_step assay_put(const char *path);
assay_step assay_del(const char *path);
assay_step assay_request(const char *method, const char *path);

assay_step assay_header(const char *name, const char *value_fmt, ...) ASSAY_FORMAT(2, 3);
assay_step assay_query(const char *name, const char *value_fmt, ...) ASSAY_FORMAT(2, 3);

/* A JSON body and its Content-Type. Names may go without quotes, strings may use single ones:
 * "{name: 'ann', age: %d}". Must be valid; a body that shall not be goes through assay_body(). */
assay_step assay_json(const char *fmt, ...) ASSAY_FORMAT(1, 2);
assay_step assay_form(const char *fmt, ...) ASSAY_FORMAT(1, 2); /* "a=1&b=2", sent as it stands */
assay_step assay_body(const char *content_type, const void *bytes, size_t size);
assay_step assay_bearer(const char *token);
assay_step assay_timeout_ms(long whole_exchange); /* default 10000 */
assay_step assay_follow(long max_redirects);      /* default 0: a redirect is the answer */

/* ---- expectations ---- */
assay_step assay_expect(int status);
/* The header is there and, unless part is NULL, one of its values contains part. */
assay_step assay_expect_header(const char *name, const char *part);
assay_step assay_expect_no_header(const char *name);
/* A jq program, all of whose outputs must be true: ".users | length == 2". 'x' may stand for "x".
 */
assay_step assay_expect_json(const char *fmt, ...) ASSAY_FORMAT(1, 2);
assay_step assay_expect_body(const char *exact_text);
assay_step assay_expect_body_has(const char *part);
/* There is no answer, and the reason (assay_response.error) contains part. */
assay_step assay_expect_no_answer(const char *part);

/* ---- the exchange ---- */
struct assay_target {
    assay_server *server;
    assay_session *session;
    const char *url; /* "http://host:port", "unix:/path" */
};

static inline struct assay_target assay_target_server(assay_server *server)
{
    return (struct assay_target){.server = server};
}
static inline struct assay_target assay_target_session(assay_session *session)
{
    return (struct assay_target){.session = session};
}
static inline struct assay_target assay_target_url(const char *url)
{
    return (struct assay_target){.url = url};
}

/* Whom to talk to: a server (started if need be), a session, or a URL. */
#define assay_target_of(to_)                                                                       \
    _Generic(&(to_)[0],                                                                            \
        assay_server *: assay_target_server,                                                       \
        char *: assay_target_url,                                                                  \
        const char *: assay_target_url)((to_))

/*
 * Send, receive, evaluate. steps end with a zero one. Never NULL. Without a framework, use this and
 * look at assay_response_failure().
 */
assay_response *assay_http_run(struct assay_target target, const assay_step *steps);

/* NULL if every expectation was met, else the whole text of the failure. */
const char *assay_response_failure(const assay_response *response);

#define assay_http_steps_(target_, ...)                                                            \
    assay_http_run(target_, (const assay_step[]){__VA_ARGS__, {.kind = 0}})

#define assay_http_check_(response_)                                                               \
    __extension__({                                                                                \
        assay_response *assay_response_ = (response_);                                             \
        cr_assert(!assay_response_failure(assay_response_), "%s",                                  \
                  assay_response_failure(assay_response_));                                        \
        assay_response_;                                                                           \
    })

/* One exchange with a server or URL (assay_http) or as a visitor with cookies (assay_http_as). A
 * Criterion assertion: the test fails at this line. Both return the assay_response *. */
#define assay_http(to_, ...) assay_http_check_(assay_http_steps_(assay_target_of(to_), __VA_ARGS__))
#define assay_http_as(session_, ...)                                                               \
    assay_http_check_(assay_http_steps_(assay_target_session(session_), __VA_ARGS__))

/* A header's value, names compared without case; NULL if absent. The first, if it comes twice. */
const char *assay_response_header(const assay_response *response, const char *name);

/* What a jq program says about the body: a string's text, anything else as JSON; NULL if that is
 * null or cannot be. Lives as long as the response. */
const char *assay_capture(assay_response *response, const char *jq_program);

/* A visitor of server. Ends with the test. */
assay_session *assay_session_new(assay_server *server);

#endif
