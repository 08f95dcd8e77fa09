/* SPDX-License-Identifier: MIT */
#include "harness/runner/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hn_capture_fini(struct hn_capture *capture)
{
    free(capture->head);
    free(capture->tail);
    *capture = (struct hn_capture){0};
}

void hn_capture_reset(struct hn_capture *capture)
{
    capture->head_size = 0;
    capture->tail_total = 0;
}

static void put_tail(struct hn_capture *capture, const char *bytes, size_t size)
{
    if (!capture->tail)
        capture->tail = pf_mem_new(1, HN_CAPTURE_TAIL);
    while (size > 0) {
        size_t at = (size_t)(capture->tail_total % HN_CAPTURE_TAIL);
        size_t part = HN_CAPTURE_TAIL - at < size ? HN_CAPTURE_TAIL - at : size;
        memcpy(capture->tail + at, bytes, part);
        capture->tail_total += part;
        bytes += part;
        size -= part;
    }
}

void hn_capture_put(struct hn_capture *capture, const char *bytes, size_t size)
{
    size_t room = HN_CAPTURE_HEAD - capture->head_size;
    size_t part = size < room ? size : room;

    if (!capture->head)
        capture->head = pf_mem_new(1, HN_CAPTURE_HEAD);
    memcpy(capture->head + capture->head_size, bytes, part);
    capture->head_size += part;
    if (size > part)
        put_tail(capture, bytes + part, size - part);
}

bool hn_capture_drain(struct hn_capture *capture, int fd)
{
    char step[16 * 1024];

    for (;;) {
        ssize_t got = read(fd, step, sizeof step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return true;
        if (got == 0)
            return false;
        hn_capture_put(capture, step, (size_t)got);
    }
}

static size_t copy_tail(const struct hn_capture *capture, char *to)
{
    uint64_t total = capture->tail_total;

    if (total <= HN_CAPTURE_TAIL) {
        memcpy(to, capture->tail, (size_t)total);
        return (size_t)total;
    }
    size_t start = (size_t)(total % HN_CAPTURE_TAIL);
    memcpy(to, capture->tail + start, HN_CAPTURE_TAIL - start);
    memcpy(to + HN_CAPTURE_TAIL - start, capture->tail, start);
    return HN_CAPTURE_TAIL;
}

/* A NUL byte would end the text, and what follows it would be lost: U+2400 stands for it. */
static const char *show_zeros(const char *text, size_t size, struct pf_arena *arena)
{
    size_t zeros = 0, at = 0;

    for (size_t i = 0; i < size; i++)
        zeros += text[i] == '\0';
    if (!zeros)
        return text;
    char *shown = pf_arena_alloc(arena, size + 2 * zeros + 1);
    for (size_t i = 0; i < size; i++)
        if (text[i]) {
            shown[at++] = text[i];
        } else {
            memcpy(shown + at, "\xE2\x90\x80", 3);
            at += 3;
        }
    shown[at] = '\0';
    return shown;
}

const char *hn_capture_text(const struct hn_capture *capture, struct pf_arena *arena)
{
    uint64_t total = capture->tail_total;
    size_t size = capture->head_size;

    if (size == 0)
        return NULL;
    if (total == 0)
        return show_zeros(pf_arena_text(arena, capture->head, size), size, arena);
    char *text = pf_arena_alloc(arena, size + HN_CAPTURE_TAIL + 128);
    memcpy(text, capture->head, size);
    if (total > HN_CAPTURE_TAIL)
        size += (size_t)snprintf(text + size, 128, "\n[assay: %llu " HN_CAPTURE_CUT "\n",
                                 (unsigned long long)(total - HN_CAPTURE_TAIL));
    size += copy_tail(capture, text + size);
    text[size] = '\0';
    return show_zeros(text, size, arena);
}
