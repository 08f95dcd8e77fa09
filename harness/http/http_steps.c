/* SPDX-License-Identifier: MIT */
#include "harness/http/http_steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"

static assay_step with_value(enum hn_step kind, const char *name, const char *value)
{
    assay_step step = {.kind = (int)kind, .name = name};

    if (value) {
        step.size = strlen(value);
        step.value = pf_mem_new(step.size + 1, 1);
        memcpy(step.value, value, step.size);
    }
    return step;
}

static assay_step with_number(enum hn_step kind, long number)
{
    return (assay_step){.kind = (int)kind, .number = number};
}

static assay_step formatted(enum hn_step kind, const char *name, const char *fmt, va_list args)
{
    assay_step step = {.kind = (int)kind, .name = name};
    int size = vasprintf(&step.value, fmt, args);

    if (size < 0) { /* a format nobody can print: an empty text, never none */
        step.value = pf_mem_new(1, 1);
        size = 0;
    }
    step.size = (size_t)size;
    return step;
}

assay_step assay_request(const char *method, const char *path)
{
    return with_value(HN_STEP_METHOD, method, path);
}

assay_step assay_get(const char *path)
{
    return assay_request("GET", path);
}

assay_step assay_post(const char *path)
{
    return assay_request("POST", path);
}

assay_step assay_put(const char *path)
{
    return assay_request("PUT", path);
}

assay_step assay_del(const char *path)
{
    return assay_request("DELETE", path);
}

assay_step assay_header(const char *name, const char *value_fmt, ...)
{
    va_list args;

    va_start(args, value_fmt);
    assay_step step = formatted(HN_STEP_HEADER, name, value_fmt, args);
    va_end(args);
    return step;
}

assay_step assay_query(const char *name, const char *value_fmt, ...)
{
    va_list args;

    va_start(args, value_fmt);
    assay_step step = formatted(HN_STEP_QUERY, name, value_fmt, args);
    va_end(args);
    return step;
}

assay_step assay_json(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    assay_step step = formatted(HN_STEP_JSON, "application/json", fmt, args);
    va_end(args);
    return step;
}

assay_step assay_form(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    assay_step step = formatted(HN_STEP_BODY, "application/x-www-form-urlencoded", fmt, args);
    va_end(args);
    return step;
}

assay_step assay_body(const char *content_type, const void *bytes, size_t size)
{
    assay_step step = {.kind = HN_STEP_BODY, .name = content_type, .size = size};

    step.value = pf_mem_new(size + 1, 1);
    if (size > 0)
        memcpy(step.value, bytes, size);
    return step;
}

assay_step assay_bearer(const char *token)
{
    return assay_header("Authorization", "Bearer %s", token);
}

assay_step assay_timeout_ms(long whole_exchange)
{
    return with_number(HN_STEP_TIMEOUT, whole_exchange);
}

assay_step assay_follow(long max_redirects)
{
    return with_number(HN_STEP_FOLLOW, max_redirects);
}

assay_step assay_expect(int status)
{
    return with_number(HN_STEP_EXPECT_STATUS, status);
}

assay_step assay_expect_header(const char *name, const char *part)
{
    return with_value(HN_STEP_EXPECT_HEADER, name, part);
}

assay_step assay_expect_no_header(const char *name)
{
    return with_value(HN_STEP_EXPECT_NO_HEADER, name, NULL);
}

assay_step assay_expect_json(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    assay_step step = formatted(HN_STEP_EXPECT_JSON, NULL, fmt, args);
    va_end(args);
    return step;
}

assay_step assay_expect_body(const char *exact_text)
{
    return with_value(HN_STEP_EXPECT_BODY, NULL, exact_text);
}

assay_step assay_expect_body_has(const char *part)
{
    return with_value(HN_STEP_EXPECT_BODY_HAS, NULL, part);
}

assay_step assay_expect_no_answer(const char *part)
{
    return with_value(HN_STEP_EXPECT_NO_ANSWER, NULL, part);
}

void hn_http_steps_release(const assay_step *steps)
{
    for (; steps->kind != HN_STEP_END; steps++)
        free(steps->value);
}
