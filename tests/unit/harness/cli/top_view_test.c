/* SPDX-License-Identifier: MIT */
#include "harness/cli/top_view.h"

#include <criterion/criterion.h>
#include <string.h>

#include "profiler/base/buf.h"
#include "profiler/session/live.h"

static struct pf_live_row rows[] = {
    {.function = "parse_request",
     .object = "/usr/bin/server",
     .self = 10,
     .total = 60,
     .all_self = 500,
     .all_total = 600},
    {.function = "main",
     .object = "/usr/bin/server",
     .self = 1,
     .total = 100,
     .all_self = 1,
     .all_total = 1000},
    {.function = "write",
     .object = "/lib/libc.so.6",
     .self = 50,
     .total = 50,
     .all_self = 60,
     .all_total = 60},
    {.function = "vfs_write",
     .object = "[kernel]",
     .self = 39,
     .total = 39,
     .all_self = 40,
     .all_total = 40},
};

static const struct hn_top_head head = {.command = "server",
                                        .pid = 7,
                                        .frequency_hz = 99,
                                        .processes = 1,
                                        .threads = 2,
                                        .samples = 100,
                                        .lost = 0,
                                        .elapsed_s = 10,
                                        .interval_s = 1};

/* The picture as text; freed by the caller. */
static struct pf_buf draw(const struct hn_top_state *state, unsigned columns, unsigned lines)
{
    struct pf_live_view view = {
        .rows = rows, .count = sizeof rows / sizeof rows[0], .value = 100, .all_value = 1000};
    struct pf_buf out = {0};
    struct hn_top_state sized = *state;

    sized.columns = columns;
    sized.rows = lines;
    hn_top_draw(&out, &head, &view, &sized);
    return out;
}

static void expect_before(struct pf_buf *picture, const char *first, const char *second)
{
    const char *a = strstr(pf_buf_cstr(picture), first);
    const char *b = strstr(pf_buf_cstr(picture), second);

    cr_assert(a && b, "%s, %s", first, second);
    cr_expect_lt(a, b, "%s before %s", first, second);
}

Test(top_view, rows_are_sorted_as_asked)
{
    struct hn_top_state state = {0};
    struct pf_buf picture = draw(&state, 0, 0);
    expect_before(&picture, "write  [libc.so.6]", "parse_request");
    expect_before(&picture, "parse_request", "main  [server]");
    pf_buf_fini(&picture);

    state.by_total = true;
    picture = draw(&state, 0, 0);
    expect_before(&picture, "main  [server]", "parse_request");
    pf_buf_fini(&picture);

    state.whole_time = true;
    state.by_total = false;
    picture = draw(&state, 0, 0);
    expect_before(&picture, "parse_request", "write  [libc.so.6]");
    pf_buf_fini(&picture);
}

Test(top_view, any_size_of_terminal_is_kept_to)
{
    struct hn_top_state state = {0};

    for (unsigned columns = 1; columns < 100; columns += 7)
        for (unsigned lines = 1; lines < 12; lines++) {
            struct pf_buf picture = draw(&state, columns, lines);
            const char *at = pf_buf_cstr(&picture);
            unsigned seen = 0;
            for (const char *end = NULL; (end = strstr(at, "\033[K")) != NULL; at = end + 5) {
                cr_assert_leq((unsigned)(end - at), columns);
                seen++;
            }
            cr_assert_leq(seen, lines);
            pf_buf_fini(&picture);
        }
}

Test(top_view, names_with_escape_sequences_are_made_harmless)
{
    struct pf_live_row hostile[] = {{.function = "\033]0;owned\007", .object = "", .total = 1}};
    struct pf_live_view view = {.rows = hostile, .count = 1, .value = 1};
    struct hn_top_state state = {0};
    struct pf_buf out = {0};

    hn_top_draw(&out, &head, &view, &state);

    cr_expect_not_null(strstr(pf_buf_cstr(&out), "?]0;owned?"));
    pf_buf_fini(&out);
}

Test(top_view, keys_change_the_state)
{
    struct hn_top_state state = {0};

    cr_expect(hn_top_key(&state, 't', 10));
    cr_expect(state.by_total);
    cr_expect(hn_top_key(&state, 's', 10));
    cr_expect_not(state.by_total);
    cr_expect(hn_top_key(&state, 'p', 10));
    cr_expect(state.is_paused);
    cr_expect(hn_top_key(&state, 'k', 10));
    cr_expect_eq(state.scrolled, 0);
    for (unsigned i = 0; i < 20; i++)
        cr_expect(hn_top_key(&state, 'j', 10));
    cr_expect_eq(state.scrolled, 9);
    cr_expect(hn_top_key(&state, '?', 10));
    cr_expect_not(hn_top_key(&state, 'q', 10));
}
