/* SPDX-License-Identifier: MIT */
#include "harness/server/placeholder.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct hn_placeholder list[] = {
    {"port", "8080"}, {"tmp", "/tmp/x"}, {"socket", NULL}, {NULL, NULL}};

static void expands(const char *text, const char *wanted)
{
    struct pf_buf out = {0};
    struct pf_err err = {0};

    cr_assert(hn_placeholder_expand(&out, text, list, &err), "%s: %s", text, err.text);
    cr_assert_str_eq(pf_buf_cstr(&out), wanted);
    pf_buf_fini(&out);
}

static void refuses(const char *text, const char *why)
{
    struct pf_buf out = {0};
    struct pf_err err = {0};

    cr_assert_not(hn_placeholder_expand(&out, text, list, &err), "%s", text);
    cr_assert(strstr(err.text, why), "%s", err.text);
    pf_buf_fini(&out);
}

Test(placeholder, values_replace_their_names)
{
    expands("", "");
    expands("no braces", "no braces");
    expands("--port={port} {tmp}/{port}", "--port=8080 /tmp/x/8080");
}

Test(placeholder, other_braces_stay)
{
    expands("http { server { listen {port}; } }", "http { server { listen 8080; } }");
    expands("{", "{");
    expands("{}", "{}");
    expands("{port", "{port");
    expands("{PORT} {1}", "{PORT} {1}");
    expands("${{port}", "${port}");
}

Test(placeholder, typing_mistakes_are_told)
{
    refuses("{prot}", "{prot}: no such placeholder");
    refuses("{socket}", "{socket}: has no value with this kind of .port");
}
