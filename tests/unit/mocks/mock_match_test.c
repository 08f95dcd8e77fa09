/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "mocks/mock_priv.h"

/* int fd, const void *buf, size_t len, double rate, const char *name */
static const struct mk_param params[] = {
    {.name = "fd", .class = MK_INT, .size = 4, .length_param = -1},
    {.name = "buf", .class = MK_PTR, .role = MK_READS, .size = 8, .length_param = 2},
    {.name = "len", .class = MK_UINT, .size = 8, .length_param = -1, .length_of_other = true},
    {.name = "rate", .class = MK_NUM, .size = 8, .length_param = -1},
    {.name = "name", .class = MK_PTR, .role = MK_STRING, .size = 8, .length_param = -1},
};
static const struct mk_fn fn = {.name = "f", .params = params, .param_count = 5};

enum { FD, BUF, LEN, RATE, NAME };

static bool fits(struct mk_matcher matcher, unsigned param, union mk_value value)
{
    union mk_value args[5] = {{.i = 0}, {.p = "GET /"}, {.u = 5}, {.d = 0}, {.p = "name"}};

    args[param] = value;
    return mk_matches(&matcher, &fn, param, args);
}

Test(mock_match, nothing_said_matches_anything)
{
    cr_assert(fits((struct mk_matcher){0}, FD, (union mk_value){.i = 77}));
    cr_assert(fits((struct assay_int_match)ANY.m, FD, (union mk_value){.i = 77}));
}

Test(mock_match, integers_are_equal_in_the_width_of_the_parameter)
{
    cr_assert(fits(IS(-1).m, FD, (union mk_value){.i = -1}));
    cr_assert(fits(IS(0xffffffffu).m, FD, (union mk_value){.i = -1}));
    cr_assert(fits(IS(-1).m, LEN, (union mk_value){.u = SIZE_MAX}));
    cr_assert_not(fits(IS(1).m, FD, (union mk_value){.i = 2}));
    cr_assert(fits(NOT(1).m, FD, (union mk_value){.i = 2}));
    cr_assert_not(fits(NOT(2).m, FD, (union mk_value){.i = 2}));
}

Test(mock_match, order_is_as_a_person_counts)
{
    cr_assert(fits(LT(0u).m, FD, (union mk_value){.i = -1}));
    cr_assert(fits(GT(-1).m, LEN, (union mk_value){.u = 0}));
    cr_assert(fits(GT(SIZE_MAX - 1).m, LEN, (union mk_value){.u = SIZE_MAX}));
    cr_assert_not(fits(LT(5).m, FD, (union mk_value){.i = 5}));
    cr_assert(fits(GT(1.5).m, RATE, (union mk_value){.d = 1.75}));
    cr_assert_not(fits(LT(1.5).m, RATE, (union mk_value){.d = 1.5}));
}

Test(mock_match, a_float_is_equal_as_it_was_rounded)
{
    static const struct mk_param rate = {.name = "rate", .class = MK_NUM, .size = 4};
    static const struct mk_fn single = {.name = "f", .params = &rate, .param_count = 1};
    struct mk_matcher is = IS(0.1).m, less = LT(0.1).m, other = IS(0.2).m;
    union mk_value passed = {.d = (double)0.1f};

    cr_assert(mk_matches(&is, &single, 0, &passed));
    cr_assert_not(mk_matches(&less, &single, 0, &passed));
    cr_assert_not(mk_matches(&other, &single, 0, &passed));
}

Test(mock_match, bits_must_all_be_set)
{
    cr_assert(fits(BITS(6).m, FD, (union mk_value){.i = 7}));
    cr_assert_not(fits(BITS(6).m, FD, (union mk_value){.i = 5}));
}

Test(mock_match, strings_compare_whole)
{
    cr_assert(fits(STR("name").m, NAME, (union mk_value){.p = "name"}));
    cr_assert_not(fits(STR("nam").m, NAME, (union mk_value){.p = "name"}));
    cr_assert_not(fits(STR("name").m, NAME, (union mk_value){.p = NULL}));
    cr_assert(fits(STR("GET /").m, BUF, (union mk_value){.p = "GET / HTTP"}));
    cr_assert_not(fits(STR("GET").m, BUF, (union mk_value){.p = "GET / HTTP"}));
}

Test(mock_match, bytes_are_never_read_past_the_length_given)
{
    char *page = strdup("GET /");

    cr_assert(fits(MEM("GET", 3).m, BUF, (union mk_value){.p = page}));
    cr_assert_not(fits(MEM("GET / HTTP", 10).m, BUF, (union mk_value){.p = page}));
    cr_assert_not(fits(MEM("GET", 3).m, BUF, (union mk_value){.p = NULL}));
    free(page);
}

static bool is_odd(long long value)
{
    return value & 1;
}

Test(mock_match, a_predicate_decides)
{
    cr_assert(fits(FN(is_odd).m, FD, (union mk_value){.i = 3}));
    cr_assert_not(fits(FN(is_odd).m, FD, (union mk_value){.i = 4}));
}

Test(mock_match, capture_stores_in_the_width_of_the_variable)
{
    struct {
        signed char small;
        unsigned char guard;
    } to = {0, 0x5a};
    const char *text = NULL;
    struct mk_matcher small = CAPTURE(&to.small).m, pointer = CAPTURE(&text).m;

    mk_capture(&small, &params[FD], (union mk_value){.i = -3});
    mk_capture(&pointer, &params[NAME], (union mk_value){.p = "kept"});
    cr_assert_eq(to.small, -3);
    cr_assert_eq(to.guard, 0x5a);
    cr_assert_str_eq(text, "kept");
}

static const char *words(struct mk_matcher matcher, unsigned param, size_t size)
{
    static char text[160];

    mk_text_matcher(text, size, &matcher, &params[param]);
    return text;
}

Test(mock_match, words_say_what_was_wanted)
{
    cr_assert_str_eq(words(IS(5).m, FD, 160), "IS 5");
    cr_assert_str_eq(words(MEM("a\n\x01\"", 4).m, BUF, 160), "MEM \"a\\n\\x01\\\"\"");
    cr_assert_str_eq(words(STR("0123456789012345678901234567890123456789").m, NAME, 160),
                     "STR \"01234567890123456789012345678901\"...");
    cr_assert_str_eq(words(IS(1234567).m, FD, 6), "IS 12");
}
