/* SPDX-License-Identifier: MIT */
#include "harness/server/server_wire.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct hn_server_spec whole = {
    .name = "api",
    .argv = {"./api", "--port", "{port}", ""},
    .env = {"A=1", "B"},
    .file_names = {"conf"},
    .file_texts = {"text"},
    .dir = "/srv",
    .ready_path = "/healthz",
    .clock_env = "ASSAY_CLOCK_PAGE=/page",
    .port_mode = 2,
    .start_ms = 10000,
    .stop_ms = 5000,
};

static bool decodes(const void *bytes, size_t size, struct hn_server_spec *out, struct pf_err *err)
{
    return hn_server_spec_decode(out, (struct pf_bytes){bytes, size}, err);
}

Test(server_wire, what_is_encoded_comes_back)
{
    struct hn_server_spec spec;
    struct pf_buf bytes = {0};
    struct pf_err err = {0};

    hn_server_spec_encode(&bytes, &whole);
    cr_assert(decodes(bytes.at, bytes.size, &spec, &err), "%s", err.text);

    cr_assert_str_eq(spec.name, "api");
    cr_assert_str_eq(spec.argv[2], "{port}");
    cr_assert_str_eq(spec.argv[3], "");
    cr_assert_null(spec.argv[4]);
    cr_assert_str_eq(spec.env[1], "B");
    cr_assert_str_eq(spec.file_names[0], "conf");
    cr_assert_str_eq(spec.file_texts[0], "text");
    cr_assert_str_eq(spec.dir, "/srv");
    cr_assert_str_eq(spec.ready_path, "/healthz");
    cr_assert_str_eq(spec.clock_env, "ASSAY_CLOCK_PAGE=/page");
    cr_assert_eq(spec.port_mode, 2);
    cr_assert_eq(spec.start_ms, 10000);
    cr_assert_eq(spec.stop_ms, 5000);
    pf_buf_fini(&bytes);
}

Test(server_wire, every_cut_is_refused)
{
    struct pf_buf bytes = {0};

    hn_server_spec_encode(&bytes, &whole);
    for (size_t size = 0; size < bytes.size; size++) {
        struct hn_server_spec spec = {.name = "untouched"};
        struct pf_err err = {0};
        cr_assert_not(decodes(bytes.at, size, &spec, &err), "cut at %zu", size);
        cr_assert_str_eq(spec.name, "untouched");
    }
    pf_buf_fini(&bytes);
}

struct bad_spec {
    const char *bytes;
    size_t size;
    const char *why;
};

#define BAD(bytes_, why_)                                                                          \
    {                                                                                              \
        bytes_, sizeof bytes_ - 1, why_                                                            \
    }

Test(server_wire, nonsense_is_refused_with_the_reason)
{
    static const struct bad_spec bad[] = {
        BAD("nx\0aprog\0?what\0.\0", "unknown tag 0x3f"),
        BAD("nx\0.\0", "no command to run"),
        BAD("nx\0a\0.\0", "no command to run"),
        BAD("nx\0aprog\0p4\0.\0", "no number up to 3"),
        BAD("nx\0aprog\0p-1\0.\0", "no number"),
        BAD("nx\0aprog\0s99999999999999999999\0.\0", "no number up to"),
        BAD("nx\0aprog\0s\0.\0", "no number up to"),
        BAD("nx\0aprog\0cpage\0.\0", "page: no NAME=PATH of a clock"),
        BAD("nx\0aprog\0fconf\0.\0", "1 files, 0 texts"),
        BAD("nx\0aprog\0f../conf\0tx\0.\0", "must be a plain name"),
        BAD("nx\0aprog\0f\0tx\0.\0", "must be a plain name"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hn_server_spec spec;
        struct pf_err err = {0};
        cr_assert_not(decodes(bad[i].bytes, bad[i].size, &spec, &err), "%zu", i);
        cr_assert(strstr(err.text, bad[i].why), "%zu: %s", i, err.text);
    }
}

Test(server_wire, lists_have_a_maximum)
{
    struct pf_buf bytes = {0};
    struct hn_server_spec spec;
    struct pf_err err = {0};

    for (int i = 0; i <= HN_SPEC_LIST_MAX; i++)
        pf_buf_put(&bytes, "ax", 3);
    pf_buf_put(&bytes, ".", 2);

    cr_assert_not(decodes(bytes.at, bytes.size, &spec, &err));
    cr_assert(strstr(err.text, "more than 32 entries"), "%s", err.text);
    pf_buf_fini(&bytes);
}
