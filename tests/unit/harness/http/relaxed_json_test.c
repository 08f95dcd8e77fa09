/* SPDX-License-Identifier: MIT */
#include "harness/http/relaxed_json.h"

#include <criterion/criterion.h>
#include <string.h>

Test(relaxed_json, becomes_strict)
{
    static const struct {
        const char *relaxed;
        const char *strict;
    } cases[] = {
        {"{}", "{}"},
        {"{name: 'ann'}", "{\"name\": \"ann\"}"},
        {"{a_b: 1, $c: [true, null]}", "{\"a_b\": 1, \"$c\": [true, null]}"},
        {"{\"a\": \"it's\"}", "{\"a\": \"it's\"}"},
        {"{a: 'say \"hi\"'}", "{\"a\": \"say \\\"hi\\\"\"}"},
        {"{a: 'it\\'s'}", "{\"a\": \"it's\"}"},
        {"{a: 'x\\ny'}", "{\"a\": \"x\\ny\"}"},
        {"{true: true}", "{\"true\": true}"},
        {"{\"k: v\": 'a: b'}", "{\"k: v\": \"a: b\"}"},
        {"[1, -2.5e3, 'x']", "[1, -2.5e3, \"x\"]"},
        {"'text'", "\"text\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pf_buf out = {0};
        struct pf_err err = {0};
        cr_assert(hn_relaxed_json(&out, cases[i].relaxed, &err), "%s: %s", cases[i].relaxed,
                  err.text);
        cr_assert_str_eq(pf_buf_cstr(&out), cases[i].strict);
        pf_buf_fini(&out);
    }
}

Test(relaxed_json, what_is_none_is_refused)
{
    static const char *const bad[] = {"",      "{",       "{a:}",      "{a: b}", "{'a': 'x}",
                                      "{a 1}", "{a: 1,}", "{a: \"x\\", "'\\",    "[1] 2"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pf_buf out = {0};
        struct pf_err err = {0};
        cr_assert_not(hn_relaxed_json(&out, bad[i], &err), "%s", bad[i]);
        cr_assert(strstr(err.text, "json(): no valid JSON"), "%s", err.text);
        cr_assert_eq(out.size, 0);
    }
}
