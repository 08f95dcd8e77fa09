/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/minidebug.h"

#include <criterion/criterion.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

/* text repeated, as xz data. */
static struct pf_bytes packed(uint8_t *to, size_t capacity, const void *bytes, size_t size)
{
    size_t used = 0;

    cr_assert_eq(
        lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, bytes, size, to, &used, capacity),
        LZMA_OK);
    return (struct pf_bytes){to, used};
}

Test(minidebug, what_was_packed_comes_out)
{
    uint8_t to[512];
    struct pf_buf out = {0};
    struct pf_err err;
    struct pf_bytes bytes = packed(to, sizeof to, "ELF and so on", 13);

    cr_assert(pf_minidebug_unpack(&out, bytes, &err), "%s", err.text);
    cr_assert_eq(out.size, 13);
    cr_assert_eq(memcmp(out.at, "ELF and so on", 13), 0);
    pf_buf_fini(&out);
}

Test(minidebug, cut_anywhere_it_says_so)
{
    uint8_t to[512];
    struct pf_err err;
    struct pf_bytes bytes = packed(to, sizeof to, "ELF and so on", 13);

    for (size_t size = 0; size < bytes.size; size++) {
        struct pf_buf out = {0};
        cr_assert_not(pf_minidebug_unpack(&out, (struct pf_bytes){bytes.at, size}, &err),
                      "%zu bytes", size);
        cr_assert_eq(err.code, PF_ERR_FORMAT);
        pf_buf_fini(&out);
    }
}

Test(minidebug, other_bytes_are_refused)
{
    struct pf_buf out = {0};
    struct pf_err err;

    cr_assert_not(pf_minidebug_unpack(&out, (struct pf_bytes){"not xz at all...", 16}, &err));
    cr_assert_str_eq(err.text, ".gnu_debugdata: not xz data");
    pf_buf_fini(&out);
}

Test(minidebug, a_bomb_stops_at_the_limit)
{
    size_t size = (size_t)PF_MINIDEBUG_BYTES_MAX + (1 << 20);
    size_t capacity = 1 << 20;
    uint8_t *zeros = calloc(size, 1);
    uint8_t *to = malloc(capacity);
    struct pf_buf out = {0};
    struct pf_err err;
    struct pf_bytes bytes = packed(to, capacity, zeros, size);
    free(zeros);

    cr_assert_not(pf_minidebug_unpack(&out, bytes, &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
    cr_assert_leq(out.size, (size_t)PF_MINIDEBUG_BYTES_MAX);
    pf_buf_fini(&out);
    free(to);
}
