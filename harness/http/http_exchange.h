/*
 * One exchange from its steps to its verdict, and all that its failure is told with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_HTTP_HTTP_EXCHANGE_H
#define HARNESS_HTTP_HTTP_EXCHANGE_H

#include "harness/http/http_transfer.h"
#include "harness/http/jq_filter.h"

struct hn_http_exchange {
    assay_response response; /* first: the public handle is a pointer to it */
    struct hn_jq *jq;        /* of the session */
    struct pf_arena arena;
    struct hn_http_request request;
    struct hn_http_answer answer;
    struct pf_buf failure;   /* "" if all is well */
    struct pf_buf log;       /* what the server printed meanwhile; only on failure */
    const char *server_name; /* NULL: no server of ours */
    const char *server_state;
    unsigned expectations;
    unsigned failed;
};

/* Evaluate every expectation; one line for each that is not met goes to out. */
void hn_http_expect(struct hn_http_exchange *x, const assay_step *steps, struct pf_buf *out);

/* The whole text of a failure: complaints (the lines above), then the transcript. */
void hn_http_report(struct hn_http_exchange *x, const char *complaints);

/* "curl -i ..." that sends the same request, ready for a shell. Pure. */
void hn_http_curl_line(struct pf_buf *out, const struct hn_http_request *request);

/* Iterate a header's values: the next after *position (start with 0), or NULL. Pure. */
const char *hn_http_next_header(const struct pf_buf *headers, const char *name, size_t *position,
                                size_t *value_size);

#endif
