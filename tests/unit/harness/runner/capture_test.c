/* SPDX-License-Identifier: MIT */
#include "harness/runner/capture.h"

#include <criterion/criterion.h>
#include <string.h>

Test(capture, nothing_is_null)
{
    struct hn_capture capture = {0};
    struct pf_arena arena = {0};

    cr_expect_null(hn_capture_text(&capture, &arena));
    hn_capture_fini(&capture);
}

Test(capture, a_little_is_kept_whole)
{
    struct hn_capture capture = {0};
    struct pf_arena arena = {0};

    hn_capture_put(&capture, "ab", 2);
    hn_capture_put(&capture, "c", 1);
    cr_expect_str_eq(hn_capture_text(&capture, &arena), "abc");
    pf_arena_fini(&arena);
    hn_capture_fini(&capture);
}

Test(capture, what_follows_a_zero_byte_is_kept)
{
    struct hn_capture capture = {0};
    struct pf_arena arena = {0};

    hn_capture_put(&capture, "\0a\0\0b", 5);

    cr_expect_str_eq(hn_capture_text(&capture, &arena), "\xE2\x90\x80"
                                                        "a\xE2\x90\x80\xE2\x90\x80"
                                                        "b");
    pf_arena_fini(&arena);
    hn_capture_fini(&capture);
}

/* Every size around the two limits: the beginning, the end, and how much lies between. */
Test(capture, beginning_and_end_survive_any_flood)
{
    static const size_t sizes[] = {HN_CAPTURE_HEAD, HN_CAPTURE_HEAD + 1,
                                   HN_CAPTURE_HEAD + HN_CAPTURE_TAIL,
                                   HN_CAPTURE_HEAD + HN_CAPTURE_TAIL + 1, 5 * HN_CAPTURE_HEAD};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct hn_capture capture = {0};
        struct pf_arena arena = {0};
        hn_capture_put(&capture, "first", 5);
        for (size_t put = 5; put + 4 < sizes[i]; put++)
            hn_capture_put(&capture, "x", 1);
        hn_capture_put(&capture, "last", 4);
        const char *text = hn_capture_text(&capture, &arena);
        cr_expect_eq(strncmp(text, "firstx", 6), 0);
        cr_expect_str_eq(text + strlen(text) - 5, "xlast");
        bool is_cut = sizes[i] > HN_CAPTURE_HEAD + HN_CAPTURE_TAIL;
        cr_expect_eq(strstr(text, "bytes left out") != NULL, is_cut, "%zu", sizes[i]);
        cr_expect(is_cut || strlen(text) == sizes[i], "%zu", sizes[i]);
        pf_arena_fini(&arena);
        hn_capture_fini(&capture);
    }
}
