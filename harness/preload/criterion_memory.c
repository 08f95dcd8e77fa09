/*
 * Criterion's memory for parameters and redirected standard input, without its arena.
 *
 * Its arena lives in /dev/shm because its workers are executed anew; ours are forked and see plain
 * memory. Its standard input is a pipe whose writing end stays open in the test, so that reading
 * blocks for ever; ours is empty until the test asks for the writing end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/alloc.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/preload/preload.h"

/* Criterion's arena does not exist before its runner starts, which is when we list tests. */
static bool is_plain(void)
{
    return hn_preload.mode == HN_MODE_FORK || hn_preload.is_listing;
}

HN_INTERPOSE void *cr_malloc(size_t size)
{
    void *(*real)(size_t);

    if (is_plain())
        return malloc(size);
    *(void **)&real = hn_real("cr_malloc");
    return real(size);
}

HN_INTERPOSE void *cr_calloc(size_t count, size_t size)
{
    void *(*real)(size_t, size_t);

    if (is_plain())
        return calloc(count, size);
    *(void **)&real = hn_real("cr_calloc");
    return real(count, size);
}

HN_INTERPOSE void *cr_realloc(void *old, size_t size)
{
    void *(*real)(void *, size_t);

    if (is_plain())
        return realloc(old, size);
    *(void **)&real = hn_real("cr_realloc");
    return real(old, size);
}

HN_INTERPOSE void cr_free(void *memory)
{
    void (*real)(void *);

    if (is_plain()) {
        free(memory);
        return;
    }
    *(void **)&real = hn_real("cr_free");
    real(memory);
}

HN_INTERPOSE FILE *cr_get_redirected_stdin(void)
{
    static bool is_redirected;
    FILE *(*real)(void);

    if (hn_preload.mode == HN_MODE_FORK && !is_redirected) {
        is_redirected = true;
        cr_redirect_stdin();
    }
    *(void **)&real = hn_real("cr_get_redirected_stdin");
    return real();
}
