/*
 * Is the answer what was expected? Every expectation, each with its own words.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/http/http_exchange.h"

enum { SHOWN_MAX = 200 };

const char *hn_http_next_header(const struct pf_buf *headers, const char *name, size_t *position,
                                size_t *value_size)
{
    size_t name_size = strlen(name);

    while (*position < headers->size) {
        const char *line = (const char *)headers->at + *position;
        const char *end = memchr(line, '\n', headers->size - *position);
        size_t size = end ? (size_t)(end - line) : headers->size - *position;
        *position += size + 1;
        if (size <= name_size || line[name_size] != ':' || strncasecmp(line, name, name_size) != 0)
            continue;
        size_t skip = name_size + 1;
        while (skip < size && (line[skip] == ' ' || line[skip] == '\t'))
            skip++;
        *value_size = size - skip;
        return line + skip;
    }
    return NULL;
}

static bool holds_part(const char *text, size_t size, const char *part)
{
    return memmem(text, size, part, strlen(part)) != NULL;
}

static bool expect_status(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    if (x->answer.status == step->number && !x->response.error)
        return true;
    if (x->response.error)
        pf_buf_printf(out, "expected status %ld, got no answer: %s\n", step->number,
                      x->response.error);
    else
        pf_buf_printf(out, "expected status %ld, got %d\n", step->number, x->answer.status);
    return false;
}

static bool expect_header(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    struct pf_buf seen = {0};
    size_t position = 0;
    size_t size = 0;
    bool met = false;

    for (const char *value = hn_http_next_header(&x->answer.headers, step->name, &position, &size);
         value; value = hn_http_next_header(&x->answer.headers, step->name, &position, &size)) {
        met = met || !step->value || holds_part(value, size, step->value);
        pf_buf_printf(&seen, "%s\"%.*s\"", seen.size ? ", " : "", (int)size, value);
    }
    if (!met && seen.size == 0)
        pf_buf_printf(out, "expected header %s%s%s%s, it is absent\n", step->name,
                      step->value ? " with \"" : "", step->value ? step->value : "",
                      step->value ? "\"" : "");
    else if (!met)
        pf_buf_printf(out, "expected header %s to contain \"%s\", got %s\n", step->name,
                      step->value, pf_buf_cstr(&seen));
    pf_buf_fini(&seen);
    return met;
}

static bool expect_no_header(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    size_t position = 0;
    size_t size = 0;
    const char *value = hn_http_next_header(&x->answer.headers, step->name, &position, &size);

    if (value)
        pf_buf_printf(out, "expected no header %s, got \"%.*s\"\n", step->name, (int)size, value);
    return !value;
}

/* ".name is "bob"": the value that makes a comparison false. */
static void explain(struct hn_http_exchange *x, const char *program, struct pf_buf *out)
{
    char *left = hn_jq_left_side(program);
    struct pf_buf value = {0};
    struct pf_err err = {0};
    struct hn_jq_query query = {.program = left, .json = pf_buf_view(&x->answer.body)};

    if (left && hn_jq_run(x->jq, &query, &value, NULL, &err)) {
        size_t end = strlen(left);
        while (end > 0 && left[end - 1] == ' ')
            end--;
        pf_buf_printf(out, "; %.*s is %.*s", (int)end, left, SHOWN_MAX, pf_buf_cstr(&value));
    }
    pf_buf_fini(&value);
    free(left);
}

static bool expect_json(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    struct pf_buf value = {0};
    struct pf_err err = {0};
    bool holds = false;
    struct hn_jq_query query = {.program = step->value, .json = pf_buf_view(&x->answer.body)};
    bool ran = hn_jq_run(x->jq, &query, &value, &holds, &err);

    if (!ran)
        pf_buf_printf(out, "expected JSON %s, but %s\n", step->value, err.text);
    if (ran && !holds) {
        pf_buf_printf(out, "expected JSON %s, it is %.*s", step->value, SHOWN_MAX,
                      value.size ? pf_buf_cstr(&value) : "without any output");
        explain(x, step->value, out);
        pf_buf_put_str(out, "\n");
    }
    pf_buf_fini(&value);
    return ran && holds;
}

/* Where two texts part, which the eye finds last. */
static size_t common_size(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t i = 0;

    while (i < a_size && i < b_size && a[i] == b[i])
        i++;
    return i;
}

static bool expect_body(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    const char *body = x->response.body;
    size_t size = x->response.body_size;

    if (size == step->size && memcmp(body, step->value, size) == 0)
        return true;
    size_t same = common_size(body, size, step->value, step->size);
    pf_buf_printf(out, "expected body \"%.*s\", got \"%.*s\" (they differ from byte %zu on)\n",
                  SHOWN_MAX, step->value, SHOWN_MAX, body, same);
    return false;
}

static bool expect_body_has(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    if (holds_part(x->response.body, x->response.body_size, step->value))
        return true;
    pf_buf_printf(out, "expected body to contain \"%.*s\"\n", SHOWN_MAX, step->value);
    return false;
}

static bool expect_no_answer(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    const char *error = x->response.error;

    if (error && (!step->value || strstr(error, step->value)))
        return true;
    if (error)
        pf_buf_printf(out, "expected no answer because of \"%s\", the reason is: %s\n", step->value,
                      error);
    else
        pf_buf_printf(out, "expected no answer, got %d\n", x->answer.status);
    return false;
}

static bool is_met(struct hn_http_exchange *x, const assay_step *step, struct pf_buf *out)
{
    switch ((enum hn_step)step->kind) {
    case HN_STEP_EXPECT_STATUS:
        return expect_status(x, step, out);
    case HN_STEP_EXPECT_HEADER:
        return expect_header(x, step, out);
    case HN_STEP_EXPECT_NO_HEADER:
        return expect_no_header(x, step, out);
    case HN_STEP_EXPECT_JSON:
        return expect_json(x, step, out);
    case HN_STEP_EXPECT_BODY:
        return expect_body(x, step, out);
    case HN_STEP_EXPECT_BODY_HAS:
        return expect_body_has(x, step, out);
    case HN_STEP_EXPECT_NO_ANSWER:
        return expect_no_answer(x, step, out);
    default:
        return true;
    }
}

void hn_http_expect(struct hn_http_exchange *x, const assay_step *steps, struct pf_buf *out)
{
    bool wants_none = false;

    for (const assay_step *step = steps; step->kind != HN_STEP_END; step++) {
        if (step->kind < HN_STEP_FIRST_EXPECTATION)
            continue;
        wants_none = wants_none || step->kind == HN_STEP_EXPECT_NO_ANSWER;
        x->expectations++;
        x->failed += !is_met(x, step, out);
    }
    /* Nobody asked, yet an exchange that broke is no success. */
    if (x->response.error && !wants_none && x->failed == 0) {
        pf_buf_printf(out, "no answer: %s\n", x->response.error);
        x->failed++;
        x->expectations++;
    }
}
