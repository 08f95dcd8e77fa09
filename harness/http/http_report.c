/*
 * What a failed exchange looks like: everything one would otherwise ask for next.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <string.h>

#include "harness/http/http_exchange.h"

enum { BODY_SHOWN = 4096, LOG_SHOWN = 8192 };

static bool is_text(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] < 0x20 && !strchr("\t\r\n", bytes[i]))
            return false;
    return !memchr(bytes, '\0', size);
}

/* Every line of text after indent; the last gets its newline. */
static void put_lines(struct pf_buf *out, const char *indent, const char *text, size_t size)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        pf_buf_put_str(out, indent);
        pf_buf_put(out, text, length);
        pf_buf_put_str(out, "\n");
        size -= length + (end != NULL);
        text += length + (end != NULL);
    }
}

static void put_hex(struct pf_buf *out, const char *bytes, size_t size)
{
    enum { HEX_SHOWN = 256, HEX_LINE = 16 };

    for (size_t i = 0; i < size && i < HEX_SHOWN; i += HEX_LINE) {
        pf_buf_printf(out, "    %04zx ", i);
        for (size_t j = i; j < i + HEX_LINE && j < size; j++)
            pf_buf_printf(out, " %02x", (unsigned)(unsigned char)bytes[j]);
        pf_buf_put_str(out, "\n");
    }
}

static void put_body(struct pf_buf *out, const char *bytes, size_t size)
{
    size_t shown = size < BODY_SHOWN ? size : BODY_SHOWN;

    if (is_text(bytes, shown))
        put_lines(out, "    ", bytes, shown);
    else
        put_hex(out, bytes, shown);
    if (size > shown)
        pf_buf_printf(out, "    [... %zu of %zu bytes shown]\n", shown, size);
}

/* A word for sh(1): single quotes around, but for harmless words. */
static void put_quoted(struct pf_buf *out, const char *text, size_t size)
{
    pf_buf_put_str(out, "'");
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\'')
            pf_buf_put_str(out, "'\\''");
        else
            pf_buf_put(out, text + i, 1);
    }
    pf_buf_put_str(out, "'");
}

void hn_http_curl_line(struct pf_buf *out, const struct hn_http_request *request)
{
    pf_buf_put_str(out, "curl -i --path-as-is");
    if (request->socket_path) {
        pf_buf_put_str(out, " --unix-socket ");
        put_quoted(out, request->socket_path, strlen(request->socket_path));
    }
    if (strcmp(request->method, "HEAD") == 0)
        pf_buf_put_str(out, " --head");
    else if (strcmp(request->method, request->body ? "POST" : "GET") != 0)
        pf_buf_printf(out, " -X %s", request->method);
    for (unsigned i = 0; request->headers[i]; i++) {
        pf_buf_put_str(out, " -H ");
        put_quoted(out, request->headers[i], strlen(request->headers[i]));
    }
    if (request->body && !is_text(request->body, request->body_size)) {
        pf_buf_printf(out, " --data-binary @FILE-OF-%zu-BYTES", request->body_size);
    } else if (request->body) {
        pf_buf_put_str(out, " --data-raw ");
        put_quoted(out, request->body, request->body_size);
    }
    pf_buf_put_str(out, " ");
    put_quoted(out, request->url, strlen(request->url));
}

static void put_request(struct pf_buf *out, const struct hn_http_request *request)
{
    pf_buf_printf(out, "request:\n  %s %s\n", request->method, request->url);
    for (unsigned i = 0; request->headers[i]; i++)
        put_lines(out, "  ", request->headers[i], strlen(request->headers[i]));
    if (request->body)
        put_body(out, request->body, request->body_size);
}

static void put_response(struct pf_buf *out, const struct hn_http_exchange *x)
{
    if (x->answer.headers.size == 0) {
        pf_buf_printf(out, "response: none (%s)\n", x->response.error ? x->response.error : "?");
        return;
    }
    pf_buf_printf(out, "response after %.1f ms%s%s:\n", x->response.seconds * 1000,
                  x->response.error ? ", not whole: " : "",
                  x->response.error ? x->response.error : "");
    put_lines(out, "  ", (const char *)x->answer.headers.at, x->answer.headers.size);
    put_body(out, x->response.body, x->response.body_size);
}

static void put_server(struct pf_buf *out, struct hn_http_exchange *x)
{
    if (!x->server_name)
        return;
    pf_buf_printf(out, "server %s: %s\n", x->server_name, x->server_state);
    if (x->log.size == 0) {
        pf_buf_put_str(out, "server log during this request: (nothing)\n");
        return;
    }
    size_t skipped = x->log.size > LOG_SHOWN ? x->log.size - LOG_SHOWN : 0;
    pf_buf_put_str(out, "server log during this request:\n");
    put_lines(out, "  ", (const char *)x->log.at + skipped, x->log.size - skipped);
}

void hn_http_report(struct hn_http_exchange *x, const char *complaints)
{
    struct pf_buf *out = &x->failure;

    pf_buf_put_str(out, complaints);
    if (x->expectations > 1)
        pf_buf_printf(out, "(%u of %u expectations not met)\n", x->failed, x->expectations);
    if (x->request.url) {
        put_request(out, &x->request);
        put_response(out, x);
        pf_buf_put_str(out, "by hand:\n  ");
        hn_http_curl_line(out, &x->request);
        pf_buf_put_str(out, "\n");
    }
    put_server(out, x);
}
