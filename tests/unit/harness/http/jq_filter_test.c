/* SPDX-License-Identifier: MIT */
#include "harness/http/jq_filter.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pf_bytes bytes_of(const char *text)
{
    return (struct pf_bytes){text, strlen(text)};
}

static bool holds(const char *program, const char *json)
{
    struct hn_jq jq = {0};
    struct pf_buf out = {0};
    struct pf_err err = {0};
    bool result = false;

    cr_assert(
        hn_jq_run(&jq, &(struct hn_jq_query){program, bytes_of(json), false}, &out, &result, &err),
        "%s: %s", program, err.text);
    pf_buf_fini(&out);
    hn_jq_fini(&jq);
    return result;
}

Test(jq_filter, holds_when_every_output_is_true)
{
    cr_assert(holds(".a == 1", "{\"a\": 1}"));
    cr_assert_not(holds(".a == 2", "{\"a\": 1}"));
    cr_assert(holds(".[] > 0", "[1, 2]"));
    cr_assert_not(holds(".[] > 1", "[1, 2]"));
    cr_assert_not(holds("empty", "{}"));
    cr_assert_not(holds(".a", "{}"));
    cr_assert(holds(".a", "{\"a\": 0}")); /* in jq only false and null are not true */
}

Test(jq_filter, single_quotes_are_quotes_outside_of_strings)
{
    cr_assert(holds(".a == 'x'", "{\"a\": \"x\"}"));
    cr_assert(holds(".a == \"it's\"", "{\"a\": \"it's\"}"));
    cr_assert(holds(".a | test('^x')", "{\"a\": \"xyz\"}"));
}

Test(jq_filter, errors_have_jqs_words)
{
    static const struct {
        const char *program;
        const char *json;
        const char *why;
    } cases[] = {
        {".[ ==", "{}", "syntax error"},        {".a", "{", "the body is no JSON"},
        {".a", "", "the body is empty"},        {".a.b", "[1]", "Cannot index array"},
        {"nothing_such", "{}", "nothing_such"}, {"error('mine')", "{}", "mine"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hn_jq jq = {0};
        struct pf_buf out = {0};
        struct pf_err err = {0};
        bool result;
        cr_assert_not(
            hn_jq_run(&jq, &(struct hn_jq_query){cases[i].program, bytes_of(cases[i].json), false},
                      &out, &result, &err),
            "%s", cases[i].program);
        cr_assert(strstr(err.text, cases[i].why), "%s: %s", cases[i].program, err.text);
        hn_jq_fini(&jq);
    }
}

Test(jq_filter, raw_output_drops_quotes)
{
    struct hn_jq jq = {0};
    struct pf_buf out = {0};
    struct pf_err err = {0};
    bool result;

    cr_assert(hn_jq_run(
        &jq, &(struct hn_jq_query){".a, .b", bytes_of("{\"a\": \"x y\", \"b\": [1]}"), true}, &out,
        &result, &err));
    cr_assert_str_eq(pf_buf_cstr(&out), "x y\n[1]");
    pf_buf_fini(&out);
    hn_jq_fini(&jq);
}

Test(jq_filter, more_programs_than_are_kept_still_work)
{
    struct hn_jq jq = {0};

    for (int i = 0; i < HN_JQ_PROGRAMS_MAX + 3; i++) {
        char program[32];
        struct pf_buf out = {0};
        struct pf_err err = {0};
        bool result = false;
        (void)snprintf(program, sizeof program, ". == %d", i);
        cr_assert(hn_jq_run(&jq, &(struct hn_jq_query){program, bytes_of("65"), false}, &out,
                            &result, &err));
        cr_assert_eq(result, i == 65);
        pf_buf_fini(&out);
    }
    hn_jq_fini(&jq);
}

Test(jq_filter, deep_and_endless_input_is_bounded)
{
    struct hn_jq jq = {0};
    struct pf_buf out = {0};
    struct pf_err err = {0};
    char deep[5000];
    bool result;

    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    cr_assert_not(
        hn_jq_run(&jq, &(struct hn_jq_query){".", bytes_of(deep), false}, &out, &result, &err));
    cr_assert(hn_jq_run(&jq, &(struct hn_jq_query){"range(1e9)", bytes_of("1"), false}, &out,
                        &result, &err));
    pf_buf_fini(&out);
    hn_jq_fini(&jq);
}

Test(jq_filter, left_side_of_a_comparison)
{
    static const struct {
        const char *program;
        const char *left;
    } cases[] = {
        {".a == 1", ".a "},
        {".a|length >= 2", ".a|length "},
        {".a != 'x == y'", ".a "},
        {"[.a == 1] == [true]", "[.a == 1] "},
        {".a", NULL},
        {"", NULL},
        {"== 1", NULL},
        {".a == 1 and .b == 2", NULL},
        {"'a == b'", NULL},
        {"(.a < 2)", NULL},
        {".\"<\" < 3", ".\"<\" "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *left = hn_jq_left_side(cases[i].program);
        if (cases[i].left)
            cr_assert_str_eq(left, cases[i].left, "%s", cases[i].program);
        else
            cr_assert_null(left, "%s", cases[i].program);
        free(left);
    }
}
