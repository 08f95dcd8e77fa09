/* SPDX-License-Identifier: MIT */
#include "profiler/base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

Test(utf8, validity_follows_rfc_3629)
{
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xa9", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x94\xa5", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\x80", false},
        {"\xe2\x82", false},
        {"a\xff", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(pf_utf8_is_valid(cases[i].text, strlen(cases[i].text)), cases[i].is_valid,
                     "case %zu", i);
}

Test(utf8, clean_replaces_and_cuts_between_characters)
{
    char out[8];

    pf_utf8_clean(out, sizeof out, "a\x01\xff", 3);
    cr_assert_str_eq(out, "a \xef\xbf\xbd");
    pf_utf8_clean(out, sizeof out, "123456\xc3\xa9", 8);
    cr_assert_str_eq(out, "123456");
}
