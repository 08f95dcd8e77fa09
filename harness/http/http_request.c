/*
 * Steps become one request: URL, headers, body.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/http/http_steps.h"
#include "harness/http/relaxed_json.h"
#include "profiler/base/buf.h"

struct builder {
    struct hn_http_request request;
    struct pf_arena *arena;
    struct pf_buf query;
    const char *path;
    unsigned header_count;
};

static const char *keep(struct builder *b, const char *text)
{
    return pf_arena_text(b->arena, text, strlen(text));
}

static bool has_header(const struct builder *b, const char *name)
{
    size_t size = strlen(name);

    for (unsigned i = 0; i < b->header_count; i++)
        if (strncasecmp(b->request.headers[i], name, size) == 0
            && strchr(":;", b->request.headers[i][size]))
            return true;
    return false;
}

static bool add_header(struct builder *b, const char *name, const char *value, struct pf_err *err)
{
    struct pf_buf line = {0};

    if (b->header_count == HN_HEADERS_MAX)
        return pf_err_set(err, PF_ERR_LIMIT, "request: more than %d headers", HN_HEADERS_MAX);
    if (strpbrk(name, "\r\n") || strpbrk(value, "\r\n"))
        return pf_err_set(err, PF_ERR_USAGE, "request: header %s: holds a line break", name);
    /* libcurl takes "Name;" for a header without a value and drops "Name:". */
    pf_buf_printf(&line, value[0] ? "%s: %s" : "%s;", name, value);
    b->request.headers[b->header_count++] = keep(b, pf_buf_cstr(&line));
    pf_buf_fini(&line);
    return true;
}

static void put_escaped(struct pf_buf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text; text++) {
        if (strchr(plain, *text))
            pf_buf_put(out, text, 1);
        else
            pf_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

static void add_query(struct builder *b, const char *name, const char *value)
{
    pf_buf_put_str(&b->query, b->query.size > 0 ? "&" : "");
    put_escaped(&b->query, name);
    pf_buf_put_str(&b->query, "=");
    put_escaped(&b->query, value);
}

static bool set_body(struct builder *b, const assay_step *step, struct pf_err *err)
{
    struct pf_buf strict = {0};
    bool ok = true;

    if (b->request.body)
        return pf_err_set(err, PF_ERR_USAGE, "request: two bodies");
    if (step->kind == HN_STEP_JSON) {
        ok = hn_relaxed_json(&strict, step->value, err);
        b->request.body = pf_arena_text(b->arena, pf_buf_cstr(&strict), strict.size);
        b->request.body_size = strict.size;
        pf_buf_fini(&strict);
    } else {
        b->request.body = pf_arena_text(b->arena, step->value, step->size);
        b->request.body_size = step->size;
    }
    if (ok && step->name && !has_header(b, "Content-Type"))
        ok = add_header(b, "Content-Type", step->name, err);
    return ok;
}

static bool take(struct builder *b, const assay_step *step, struct pf_err *err)
{
    switch ((enum hn_step)step->kind) {
    case HN_STEP_METHOD:
        if (b->path)
            return pf_err_set(err, PF_ERR_USAGE, "request: both %s %s and %s %s", b->request.method,
                              b->path, step->name, step->value);
        b->request.method = keep(b, step->name);
        b->path = step->value ? step->value : "/";
        return true;
    case HN_STEP_HEADER:
        return add_header(b, step->name, step->value, err);
    case HN_STEP_QUERY:
        add_query(b, step->name, step->value);
        return true;
    case HN_STEP_JSON:
    case HN_STEP_BODY:
        return set_body(b, step, err);
    case HN_STEP_TIMEOUT:
        b->request.timeout_ms = step->number;
        return true;
    case HN_STEP_FOLLOW:
        b->request.max_redirects = step->number;
        return true;
    default:
        return true; /* an expectation: of the response */
    }
}

/* "unix:/path" + "/x" is "http://localhost/x" over that socket; a whole URL is taken as it is. */
static void set_url(struct builder *b, const char *base)
{
    struct pf_buf url = {0};
    assert(b->path);
    bool is_whole = strncmp(b->path, "http://", 7) == 0 || strncmp(b->path, "https://", 8) == 0;

    if (strncmp(base, "unix:", 5) == 0) {
        b->request.socket_path = keep(b, base + 5);
        base = "http://localhost";
    }
    pf_buf_put_str(&url, is_whole ? "" : base);
    pf_buf_put_str(&url, b->path);
    if (b->query.size > 0) {
        pf_buf_put_str(&url, strchr(b->path, '?') ? "&" : "?");
        pf_buf_put(&url, b->query.at, b->query.size);
    }
    b->request.url = keep(b, pf_buf_cstr(&url));
    pf_buf_fini(&url);
}

bool hn_http_request_build(struct hn_http_request *out, struct pf_arena *arena, const char *base,
                           const assay_step *steps, struct pf_err *err)
{
    struct builder b = {.arena = arena, .request.timeout_ms = HN_EXCHANGE_MS};
    bool ok = true;

    for (const assay_step *step = steps; ok && step->kind != HN_STEP_END; step++)
        ok = take(&b, step, err);
    if (ok && !b.path)
        ok = pf_err_set(err, PF_ERR_USAGE, "request: no method and path (get(\"/\") or another)");
    if (ok) {
        set_url(&b, base);
        *out = b.request;
    }
    pf_buf_fini(&b.query);
    return ok;
}
