/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <sys/uio.h>

#include "mocks/mock_priv.h"

static const struct mk_param plain = {.class = MK_INT, .size = 4, .length_param = -1};
static const struct mk_param counts[] = {
    {.class = MK_INT, .size = 4, .length_param = -1},
    {.class = MK_PTR, .role = MK_READS, .size = 8, .length_param = 2},
    {.class = MK_UINT, .size = 8, .length_param = -1, .length_of_other = true},
};

/* A function that returns ssize_t, unless told otherwise. */
static struct mk_fn function(const char *name, enum mk_class ret_class)
{
    return (struct mk_fn){.name = name,
                          .params = counts,
                          .param_count = 3,
                          .ret_class = ret_class,
                          .ret_size = sizeof(ssize_t)};
}

Test(mock_short, what_returns_how_much_it_moved_can_move_less)
{
    struct mk_fn write = function("write", MK_INT), fwrite = function("fwrite", MK_UINT);
    struct mk_fn writev = {.name = "writev"}, sendfile = {.name = "sendfile"};
    struct mk_fn close = {.name = "close", .params = &plain, .param_count = 1};

    cr_assert(mk_can_be_short(&write));
    cr_assert(mk_can_be_short(&writev));
    cr_assert(mk_can_be_short(&sendfile));
    cr_assert_not(mk_can_be_short(&fwrite));
    cr_assert_not(mk_can_be_short(&close));
}

Test(mock_short, a_count_is_lowered_never_raised)
{
    struct mk_fn write = function("write", MK_INT);
    struct mk_call call = {.fn = &write, .args = {{.i = 3}, {.p = "hello"}, {.u = 5}}};

    mk_cut(&call, 7);
    cr_assert_not(call.altered);
    mk_cut(&call, 2);
    cr_assert(call.altered);
    cr_assert_eq(call.args[2].u, 2);
}

/* The caller's own array stays as it is. */
Test(mock_short, buffers_end_with_the_last_byte)
{
    static const struct {
        size_t bytes, count, last;
    } cases[] = {{1, 1, 1}, {4, 1, 4}, {5, 3, 1}, {8, 3, 4}, {100, 4, 2}};
    struct iovec parts[] = {{"abcd", 4}, {"", 0}, {"efgh", 4}, {"ij", 2}};
    struct mk_fn writev = {.name = "writev"};

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mk_call call = {.fn = &writev, .args = {{.i = 3}, {.p = parts}, {.i = 4}}};
        mk_cut(&call, cases[i].bytes);
        const struct iovec *cut = (const void *)(uintptr_t)call.args[1].p;
        cr_expect_eq(call.args[2].i, (int64_t)cases[i].count, "%zu", cases[i].bytes);
        cr_expect_eq(cut[cases[i].count - 1].iov_len, cases[i].last, "%zu", cases[i].bytes);
        cr_expect_eq(cut[0].iov_base, parts[0].iov_base);
        cr_expect_eq(parts[2].iov_len, 4);
    }
}

Test(mock_short, arrays_that_are_not_there_are_handed_on)
{
    struct mk_fn writev = {.name = "writev"}, sendmsg = {.name = "sendmsg"};
    struct mk_call bad = {.fn = &writev, .args = {{.i = 3}, {.p = (void *)8}, {.i = 2}}};
    struct mk_call none = {.fn = &writev, .args = {{.i = 3}, {.p = NULL}, {.i = -1}}};
    struct mk_call message = {.fn = &sendmsg, .args = {{.i = 3}, {.p = (void *)8}}};

    mk_cut(&bad, 1);
    mk_cut(&none, 1);
    mk_cut(&message, 1);
    cr_assert_not(bad.altered);
    cr_assert_not(none.altered);
    cr_assert_not(message.altered);
}
