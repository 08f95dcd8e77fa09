/*
 * What kinds of steps there are, and a request assembled from them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_HTTP_HTTP_STEPS_H
#define HARNESS_HTTP_HTTP_STEPS_H

#include <assay/http.h>

#include "profiler/base/arena.h"
#include "profiler/base/err.h"

enum hn_step {
    HN_STEP_END,
    HN_STEP_METHOD, /* name: method, value: path */
    HN_STEP_HEADER,
    HN_STEP_QUERY,
    HN_STEP_JSON,
    HN_STEP_BODY, /* name: content type */
    HN_STEP_TIMEOUT,
    HN_STEP_FOLLOW,
    HN_STEP_FIRST_EXPECTATION,
    HN_STEP_EXPECT_STATUS = HN_STEP_FIRST_EXPECTATION,
    HN_STEP_EXPECT_HEADER,
    HN_STEP_EXPECT_NO_HEADER,
    HN_STEP_EXPECT_JSON,
    HN_STEP_EXPECT_BODY,
    HN_STEP_EXPECT_BODY_HAS,
    HN_STEP_EXPECT_NO_ANSWER,
};

enum { HN_HEADERS_MAX = 64, HN_EXCHANGE_MS = 10000 };

/* Strings live in the arena of whoever built it. */
struct hn_http_request {
    const char *method;
    const char *url;                         /* whole, with the query */
    const char *socket_path;                 /* of a Unix socket, or NULL */
    const char *headers[HN_HEADERS_MAX + 1]; /* "Name: value" */
    const char *body;                        /* NULL: none */
    size_t body_size;
    long timeout_ms;
    long max_redirects;
};

/*
 * base is "http://host:port" or "unix:/path"; request_id goes out as X-Request-Id unless a step
 * sets that. Errors: no method, two bodies, JSON that is not, too many headers.
 */
ASSAY_CHECKED
bool hn_http_request_build(struct hn_http_request *out, struct pf_arena *arena, const char *base,
                           const assay_step *steps, struct pf_err *err);

/* The copies that steps carry. */
void hn_http_steps_release(const assay_step *steps);

#endif
