/*
 * One request on the wire and its answer, by libcurl: the only file that speaks it.
 *
 * A handle is made in the process that uses it and never crosses a fork.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_HTTP_HTTP_TRANSFER_H
#define HARNESS_HTTP_HTTP_TRANSFER_H

#include "harness/http/http_steps.h"
#include "profiler/base/buf.h"
#include "profiler/base/err.h"

enum { HN_BODY_MAX = 256 << 20, HN_RESPONSE_HEADERS_MAX = 1 << 20 };

struct hn_http_answer {
    int status; /* 0: none */
    int redirects;
    double seconds;
    struct pf_buf headers; /* "Name: value\n" a line, of the last response; first the status line */
    struct pf_buf body;
    char error[256]; /* why there is no whole answer; "" if there is */
};

void hn_http_answer_fini(struct hn_http_answer *answer);

struct hn_http_handle;

/* cookies: keep and send them. NULL and err when libcurl cannot be had. */
struct hn_http_handle *hn_http_handle_new(bool cookies, struct pf_err *err);
void hn_http_handle_free(struct hn_http_handle *handle);

/*
 * Whatever happens is an answer: an exchange that breaks has its error there. death_fd (or -1)
 * becomes readable when the server is dead; the exchange then ends as soon as what it sent before
 * is read, not at the time limit.
 */
void hn_http_transfer(struct hn_http_handle *handle, const struct hn_http_request *request,
                      int death_fd, struct hn_http_answer *out);

#endif
