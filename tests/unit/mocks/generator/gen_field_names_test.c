/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_field_names.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_names(const char *prototype, const char *names)
{
    struct pf_arena arena = {0};
    struct pf_err err = {0};
    struct mk_gen_proto proto = {0};
    char all[256] = "";

    cr_assert(
        mk_gen_proto_parse(&proto, (struct pf_bytes){prototype, strlen(prototype)}, &arena, &err),
        "%s", err.text);
    mk_gen_name_params(&proto, &arena);
    for (unsigned i = 0; i < proto.param_count; i++) {
        strcat(all, proto.params[i].name);
        strcat(all, i + 1 < proto.param_count ? " " : "");
    }
    cr_expect_str_eq(all, names);
    pf_arena_fini(&arena);
}

Test(gen_field_names, reserved_and_taken_names_get_an_underscore)
{
    expect_names("int f(int fd, char *buf)", "fd buf");
    expect_names("int f(char *call, int ret, char **args, int err)", "call_ ret_ args err_");
    expect_names("int f(int ret, int ret_)", "ret__ ret_");
    expect_names("int f(char *buf, int buf_bytes, int with_buf)", "buf buf_bytes_ with_buf_");
    expect_names("int f(int *out_x, int x)", "out_x_ x");
    expect_names("int f(int errno, int mk_call)", "errno_ mk_call_");
}
