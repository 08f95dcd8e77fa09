/* SPDX-License-Identifier: MIT */
#include "harness/runner/snapshots.h"

#include <criterion/criterion.h>

static void expect_canonical(const char *content, const char *const *redactions,
                             const char *expected)
{
    struct pf_buf out = {0};
    const char *problem = NULL;

    cr_assert(hn_snapshot_canonical(&out, content, redactions, &problem), "%s", problem);
    cr_expect_str_eq(pf_buf_cstr(&out), expected);
    pf_buf_fini(&out);
}

#define REDACTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_REDACTIONS ((const char *const[]){NULL})

Test(snapshots, json_is_compared_by_value)
{
    expect_canonical("{\"b\":1,\"a\":[]}", NO_REDACTIONS, "{\n  \"a\": [],\n  \"b\": 1\n}\n");
    expect_canonical(" { \"a\" : [ ] , \"b\" : 1 }", NO_REDACTIONS,
                     "{\n  \"a\": [],\n  \"b\": 1\n}\n");
}

Test(snapshots, pointers_redact_with_any_key_and_index)
{
    expect_canonical("{\"u\":[{\"id\":1},{\"id\":2}]}", REDACTIONS("/u/*/id"),
                     "{\n  \"u\": [\n    {\n      \"id\": \"[redacted]\"\n    },\n    {\n      "
                     "\"id\": \"[redacted]\"\n    }\n  ]\n}\n");
    expect_canonical("{\"a/b\":1,\"c\":2}", REDACTIONS("/a~1b", "/none/here", "/c/x"),
                     "{\n  \"a/b\": \"[redacted]\",\n  \"c\": 2\n}\n");
}

Test(snapshots, expressions_redact_every_match)
{
    expect_canonical("a 12 b 345", REDACTIONS("[0-9]+"), "a [redacted] b [redacted]\n");
    expect_canonical("abc", REDACTIONS("x*"), "abc\n");
    expect_canonical("", REDACTIONS("x*"), "\n");
}

Test(snapshots, a_bad_expression_is_named)
{
    struct pf_buf out = {0};
    const char *problem = NULL;

    cr_expect_not(hn_snapshot_canonical(&out, "x", REDACTIONS("("), &problem));
    cr_expect_str_eq(problem, "(");
    pf_buf_fini(&out);
}

static void expect_diff(const char *before, const char *after, const char *expected)
{
    struct pf_buf out = {0};

    hn_snapshot_diff(&out, before, after);
    cr_expect_str_eq(pf_buf_cstr(&out), expected);
    pf_buf_fini(&out);
}

Test(snapshots, a_diff_shows_what_changed_and_three_lines_around)
{
    expect_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
                "  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n");
    expect_diff("", "a\n", "+ a\n");
    expect_diff("a\n", "", "- a\n");
    expect_diff("a\nb\nc\n", "a\nx\nc\ny\n", "  a\n- b\n+ x\n  c\n+ y\n");
    expect_diff("same\n", "same\n", "  same\n");
}

Test(snapshots, a_diff_shows_what_cannot_be_seen)
{
    expect_diff("a\r\n", "a\n", "- a\\r\n+ a\n");
    expect_diff("a \n", "a\t\n", "- a\\x20\n+ a\\t\n");
    expect_diff("a b\033[1m\n", "a\tb\n", "- a b\\x1b[1m\n+ a\tb\n");
}
