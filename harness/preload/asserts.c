/*
 * What assertions say: failed ones become records, evaluated ones are counted.
 *
 * Both of Criterion's assertion interfaces end here: the old one sends a finished text, the new one
 * a tree of what was compared.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/preload/preload.h"

enum { MESSAGE_MAX = HN_WIRE_TEXT_MAX / 2 };

struct text {
    char at[MESSAGE_MAX];
    size_t size;
};

static void count_assert(void)
{
    if (hn_preload.shared)
        __atomic_fetch_add(&hn_preload.shared->asserts, 1, __ATOMIC_RELAXED);
    hn_worker_assert();
}

HN_INTERPOSE void cri_asserts_passed_incr(void)
{
    static void (*real)(void);

    count_assert();
    if (hn_preload.mode == HN_MODE_FORK)
        return;
    if (!real)
        *(void **)&real = hn_real("cri_asserts_passed_incr");
    real();
}

HN_INTERPOSE void criterion_send_assert(struct criterion_assert_stats *stats)
{
    void (*real)(struct criterion_assert_stats *);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("criterion_send_assert");
        real(stats);
        return;
    }
    hn_hooks_run("cr_ast", stats);
    if (stats->passed)
        return;
    count_assert();
    hn_record_failure(stats->file, stats->line,
                      stats->message && *stats->message ? stats->message : "assertion failed");
}

/* Every assertion of the new interface begins with this, whether it will pass or not. */
HN_INTERPOSE void cri_assert_node_init(struct cri_assert_node *node)
{
    count_assert();
    *node = (struct cri_assert_node){0};
}

static void append(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(struct text *text, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int length = vsnprintf(text->at + text->size, sizeof text->at - text->size, fmt, args);
    va_end(args);
    if (length > 0)
        text->size += (size_t)length;
    if (text->size > sizeof text->at - 1)
        text->size = sizeof text->at - 1;
}

/* Names what was compared; false if nothing was: a plain condition. */
static bool append_params(struct text *text, const struct cri_assert_node *node)
{
    bool found = false;

    for (unsigned i = 0; i < CRI_ASSERT_MAX_PARAMS && node->params[i].name; i++) {
        const struct cri_assert_param *param = &node->params[i];
        if (param->type == CRI_ASSERT_RT_STR && param->data) {
            append(text, "\n    %s: %s", param->name, (const char *)param->data);
            found = true;
        }
    }
    return found;
}

/* Leaves that failed; depth is bounded by what a person writes in one assertion. */
static void append_failures(struct text *text, const struct cri_assert_node *node, int depth)
{
    if (node->nchild == 0 || node->params[0].name) {
        if (node->repr)
            append(text, "%s%s", text->size ? "\n  " : "", node->repr);
        if (node->message && *node->message)
            append(text, ": %s", node->message);
        if (!append_params(text, node) && node->repr && !(node->message && *node->message))
            append(text, " is false");
        return;
    }
    for (uint32_t i = 0; i < node->nchild && depth < 32; i++)
        if (!node->children[i].pass)
            append_failures(text, &node->children[i], depth + 1);
}

HN_INTERPOSE void cri_assert_node_send(const char *file, size_t line, struct cri_assert_node *tree)
{
    struct text text;
    void (*real)(const char *, size_t, struct cri_assert_node *);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("cri_assert_node_send");
        real(file, line, tree);
        return;
    }
    text.size = 0;
    text.at[0] = '\0';
    if (tree->message && *tree->message)
        append(&text, "%s", tree->message);
    for (uint32_t i = 0; i < tree->nchild; i++)
        if (!tree->children[i].pass)
            append_failures(&text, &tree->children[i], 0);
    struct criterion_assert_stats stats = {
        .message = text.size ? text.at : "assertion failed", .line = (unsigned)line, .file = file};
    hn_hooks_run("cr_ast", &stats);
    hn_record_failure(file, (uint32_t)line, stats.message);
}

HN_INTERPOSE void cr_log(enum criterion_severity severity, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    void (*real)(enum criterion_severity, const char *, ...);

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("cr_log");
        real(severity, "%s", text);
        return;
    }
    if (!hn_preload.shared) { /* in the binary's own process: its output is shown if it fails */
        (void)fprintf(stderr, "%s\n", text);
        return;
    }
    if (severity == CR_LOG_ERROR)
        hn_record_failure("", 0, text);
    else
        hn_record_text(severity == CR_LOG_WARNING ? HN_RECORD_WARNING : HN_RECORD_NOTE, text);
}
