/* SPDX-License-Identifier: MIT */
#include "profiler/trace/bytes.h"

#include <criterion/criterion.h>

static struct pf_cursor over(const void *at, size_t size)
{
    return pf_cursor_view((struct pf_bytes){at, size});
}

Test(bytes, part_outside_is_empty)
{
    const char text[] = "abcdef";
    struct pf_bytes whole = {text, 6};

    cr_assert_eq(pf_bytes_part(whole, 2, 3).size, 3);
    cr_assert_eq(pf_bytes_part(whole, 7, 0).size, 0);
    cr_assert_eq(pf_bytes_part(whole, 4, 3).size, 0);
    cr_assert_eq(pf_bytes_part(whole, 1, UINT64_MAX).size, 0);
}

Test(bytes, reads_little_endian_words)
{
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct pf_cursor cursor = over(bytes, sizeof bytes);

    cr_assert_eq(pf_cursor_u8(&cursor), 1);
    cr_assert_eq(pf_cursor_u16(&cursor), 0x0302);
    cr_assert_eq(pf_cursor_u32(&cursor), 0x07060504);
    cr_assert_eq(pf_cursor_u64(&cursor), 0x0f0e0d0c0b0a0908);
    cr_assert_eq(pf_cursor_left(&cursor), 0);
    cr_assert_not(cursor.failed);
}

Test(bytes, first_read_past_the_end_fails_all_later_ones)
{
    const unsigned char bytes[] = {1, 2, 3};
    struct pf_cursor cursor = over(bytes, sizeof bytes);

    cr_assert_eq(pf_cursor_u32(&cursor), 0);
    cr_assert(cursor.failed);
    cr_assert_eq(pf_cursor_u8(&cursor), 0);
}

Test(bytes, leb_values_of_the_dwarf_appendix)
{
    static const struct {
        unsigned char bytes[10];
        uint64_t value;
    } table[] = {
        {{2}, 2},
        {{127}, 127},
        {{0x80, 1}, 128},
        {{0x81, 1}, 129},
        {{0xb9, 0x64}, 12857},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, UINT64_MAX},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct pf_cursor cursor = over(table[i].bytes, 10);
        cr_expect_eq(pf_cursor_uleb(&cursor), table[i].value, "row %zu", i);
        cr_expect_not(cursor.failed);
    }
}

Test(bytes, leb_beyond_64_bits_fails)
{
    const unsigned char bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    struct pf_cursor cursor = over(bytes, sizeof bytes);

    cr_assert_eq(pf_cursor_uleb(&cursor), 0);
    cr_assert(cursor.failed);
}

Test(bytes, signed_leb_extends_the_sign)
{
    static const struct {
        unsigned char bytes[2];
        int64_t value;
    } table[] = {
        {{2}, 2}, {{0x7e}, -2}, {{0xff, 0}, 127}, {{0x81, 0x7f}, -127}, {{0x80, 0x7f}, -128}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct pf_cursor cursor = over(table[i].bytes, 2);
        cr_expect_eq(pf_cursor_sleb(&cursor), table[i].value, "row %zu", i);
    }
}

Test(bytes, string_without_its_nul_fails)
{
    struct pf_cursor cursor = over("ab\0cd", 5);

    cr_assert_str_eq(pf_cursor_cstr(&cursor), "ab");
    cr_assert_str_eq(pf_cursor_cstr(&cursor), "");
    cr_assert(cursor.failed);
}

Test(bytes, lines_come_without_newline_and_the_last_may_lack_one)
{
    struct pf_cursor cursor = over("one\n\nthree", 10);
    struct pf_bytes line;

    cr_assert(pf_cursor_line(&cursor, &line));
    cr_assert_eq(line.size, 3);
    cr_assert(pf_cursor_line(&cursor, &line));
    cr_assert_eq(line.size, 0);
    cr_assert(pf_cursor_line(&cursor, &line));
    cr_assert_eq(line.size, 5);
    cr_assert_not(pf_cursor_line(&cursor, &line));
}
