/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "profiler/leak/leak_suppress.h"

struct match {
    const char *pattern, *text;
    bool wanted;
};

Test(leak_suppress, matches_templates_as_leak_sanitizer_does)
{
    static const struct match cases[] = {
        {"foo", "foo", true},        {"foo", "my_foo_bar", true},  {"foo", "fo", false},
        {"^foo", "foobar", true},    {"^foo", "a_foo", false},     {"foo$", "a_foo", true},
        {"foo$", "foo_a", false},    {"^foo$", "foo", true},       {"^foo$", "foofoo", false},
        {"foo$", "foo_foo", true},   {"a*c", "abc", true},         {"a*c", "xaxcx", true},
        {"a*c", "ca", false},        {"^a*c$", "abcbc", true},     {"^a*c$", "abcb", false},
        {"*", "anything", true},     {"*.c", "dir/file.c", true},  {"^*c$", "abc", true},
        {"foo*bar", "foobar", true}, {"foo*bar", "barfoo", false}, {"", "x", true},
        {"a$*b", "xa$yb", true},     {"aa*a", "aa", false},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(pf_leak_template_matches(cases[i].pattern, cases[i].text), cases[i].wanted,
                     "%s on %s", cases[i].pattern, cases[i].text);
}

static bool parse(struct pf_leak_suppress *out, const char *text, struct pf_err *err)
{
    return pf_leak_suppress_parse(out, (struct pf_bytes){text, strlen(text)}, "list", err);
}

Test(leak_suppress, reads_lines_comments_and_blanks)
{
    struct pf_leak_suppress list = {0};
    struct pf_err err = {0};

    cr_assert(parse(&list, "# known\n\n  leak:one \r\nleak:two*three", &err), "%s", err.text);

    cr_assert_eq(list.count, 2);
    cr_assert_str_eq(list.templates[0], "one");
    cr_assert(pf_leak_suppress_matches(&list, "f", "two/three.c", NULL));
    cr_assert(pf_leak_suppress_matches(&list, NULL, NULL, "/lib/one.so"));
    cr_assert_not(pf_leak_suppress_matches(&list, "f", "", "/lib/a.so"));
    pf_leak_suppress_fini(&list);
}

Test(leak_suppress, names_the_line_that_is_none)
{
    static const char *const wrong[] = {"leak:a\nrace:b", "leak:a\nleak:", "leak:a\nx"};

    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pf_leak_suppress list = {0};
        struct pf_err err = {0};
        cr_assert_not(parse(&list, wrong[i], &err));
        cr_assert_eq(err.code, PF_ERR_FORMAT);
        cr_assert(strstr(err.text, "list:2:"), "%s", err.text);
        pf_leak_suppress_fini(&list);
    }
}

Test(leak_suppress, an_empty_file_suppresses_nothing)
{
    struct pf_leak_suppress list = {0};
    struct pf_err err = {0};

    cr_assert(parse(&list, "", &err));
    cr_assert_not(pf_leak_suppress_matches(&list, "f", "f.c", "o"));
    pf_leak_suppress_fini(&list);
}

Test(leak_suppress, text_cut_at_any_byte_is_read_or_refused)
{
    static const char text[] = "# c\nleak:^a*b$\nleak:c\n";

    for (size_t size = 0; size < sizeof text; size++) {
        struct pf_leak_suppress list = {0};
        struct pf_err err = {0};
        (void)!pf_leak_suppress_parse(&list, (struct pf_bytes){text, size}, "list", &err);
        cr_assert_leq(list.count, 2);
        pf_leak_suppress_fini(&list);
    }
}

Test(leak_suppress, more_than_the_maximum_is_an_error)
{
    struct pf_leak_suppress list = {0};
    struct pf_err err = {0};
    bool ok = true;

    for (unsigned i = 0; i <= PF_LEAK_SUPPRESSIONS_MAX && ok; i++)
        ok = parse(&list, "leak:x\n", &err);

    cr_assert_not(ok);
    cr_assert_eq(err.code, PF_ERR_LIMIT);
    pf_leak_suppress_fini(&list);
}
