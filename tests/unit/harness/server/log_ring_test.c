/* SPDX-License-Identifier: MIT */
#include "harness/server/log_ring.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct hn_log_ring *new_ring(void)
{
    return calloc(1, sizeof(struct hn_log_ring));
}

static void put(struct hn_log_ring *log, const char *text)
{
    hn_log_put(log, text, strlen(text));
}

Test(log_ring, gives_what_was_put_after_a_mark)
{
    struct hn_log_ring *log = new_ring();
    struct pf_buf out = {0};

    put(log, "before\n");
    uint64_t mark = atomic_load(&log->total);
    put(log, "after\n");

    cr_assert_eq(hn_log_copy(&out, log, mark, HN_LOG_BYTES), 13);
    cr_assert_str_eq(pf_buf_cstr(&out), "after\n");
    pf_buf_fini(&out);
    free(log);
}

Test(log_ring, gives_nothing_from_a_mark_in_the_future)
{
    struct hn_log_ring *log = new_ring();
    struct pf_buf out = {0};

    put(log, "x");
    (void)hn_log_copy(&out, log, 1000, HN_LOG_BYTES);

    cr_assert_eq(out.size, 0);
    free(log);
}

Test(log_ring, keeps_the_end_when_it_wraps_and_says_what_is_gone)
{
    struct hn_log_ring *log = new_ring();
    struct pf_buf out = {0};
    static char chunk[10000];

    memset(chunk, 'a', sizeof chunk);
    for (int i = 0; i < 500; i++) /* 5 000 000 > 4 MiB */
        hn_log_put(log, chunk, sizeof chunk);
    put(log, "the end\n");
    (void)hn_log_copy(&out, log, 0, HN_LOG_BYTES);

    const char *text = pf_buf_cstr(&out);
    cr_assert_eq(strncmp(text, "[... 805704 bytes before this ...]\n", 35), 0, "%.60s", text);
    cr_assert_str_eq(text + strlen(text) - 8, "the end\n");
    cr_assert_eq(out.size, 35 + HN_LOG_BYTES);
    pf_buf_fini(&out);
    free(log);
}

Test(log_ring, cuts_to_the_last_bytes_asked_for)
{
    struct hn_log_ring *log = new_ring();
    struct pf_buf out = {0};

    put(log, "0123456789");
    (void)hn_log_copy(&out, log, 0, 4);

    cr_assert_str_eq(pf_buf_cstr(&out), "[... 6 bytes before this ...]\n6789");
    pf_buf_fini(&out);
    free(log);
}

Test(log_ring, drops_what_is_being_overwritten)
{
    struct hn_log_ring *log = new_ring();
    struct pf_buf out = {0};

    put(log, "0123456789");
    atomic_store(&log->claimed, (uint64_t)HN_LOG_BYTES + 4); /* a write in progress has taken 4 */
    (void)hn_log_copy(&out, log, 0, HN_LOG_BYTES);

    cr_assert_str_eq(pf_buf_cstr(&out), "[... 4 bytes before this ...]\n456789");
    pf_buf_fini(&out);
    free(log);
}
