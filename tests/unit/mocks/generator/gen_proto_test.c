/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_proto.h"

#include <criterion/criterion.h>
#include <string.h>

static struct pf_arena arena;

static bool parse(struct mk_gen_proto *out, const char *text, struct pf_err *err)
{
    return mk_gen_proto_parse(out, (struct pf_bytes){text, strlen(text)}, &arena, err);
}

Test(gen_proto, splits_types_and_names)
{
    struct mk_gen_proto proto = {0};
    struct pf_err err = {0};

    cr_assert(parse(&proto, "ssize_t read(int fd, void *buf, size_t count)", &err), "%s", err.text);
    cr_assert_str_eq(proto.name, "read");
    cr_assert_str_eq(proto.ret_type, "ssize_t");
    cr_assert_eq(proto.param_count, 3);
    cr_assert_str_eq(proto.params[1].type, "void *");
    cr_assert_str_eq(proto.params[1].name, "buf");
    cr_assert_eq(proto.params[1].class, MK_GEN_PTR);
    cr_assert_eq(proto.params[2].class, MK_GEN_INT);
}

Test(gen_proto, knows_void_and_variable_arguments)
{
    struct mk_gen_proto none = {0}, more = {0};
    struct pf_err err = {0};

    cr_assert(parse(&none, "void abort(void)", &err));
    cr_assert_eq(none.param_count, 0);
    cr_assert_eq(none.ret_class, MK_GEN_VOID);
    cr_assert(parse(&more, "int printf(const char *format, ...)", &err));
    cr_assert_eq(more.param_count, 1);
    cr_assert(more.variadic);
}

Test(gen_proto, keeps_a_spelled_function_type_whole)
{
    struct mk_gen_proto proto = {0};
    struct pf_err err = {0};

    cr_assert(parse(&proto, "int each(__typeof__(void (*)(int, char *)) visit, void *arg)", &err));
    cr_assert_eq(proto.param_count, 2);
    cr_assert_str_eq(proto.params[0].name, "visit");
    cr_assert_eq(proto.params[0].class, MK_GEN_PTR);
}

Test(gen_proto, classes_follow_the_spelling)
{
    cr_assert_eq(mk_gen_type_class("struct sockaddr"), MK_GEN_BLOB);
    cr_assert_eq(mk_gen_type_class("const struct sockaddr *"), MK_GEN_PTR);
    cr_assert_eq(mk_gen_type_class("double"), MK_GEN_NUM);
    cr_assert_eq(mk_gen_type_class("long double"), MK_GEN_BLOB);
    cr_assert_eq(mk_gen_type_class("va_list"), MK_GEN_VA_LIST);
    cr_assert_eq(mk_gen_type_class("__sighandler_t"), MK_GEN_PTR);
    cr_assert_eq(mk_gen_type_class("destructor_t"), MK_GEN_INT);
}

Test(gen_proto, what_is_no_prototype_is_named)
{
    static const char *const bad[] = {
        "",         "int",        "int f",          "(int a)",       "int f(int",
        "f(int a)", "int f(int)", "int f(, int a)", "int f(int a,)", "int )(",
        "()"};

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mk_gen_proto proto = {0};
        struct pf_err err = {0};
        cr_expect_not(parse(&proto, bad[i], &err), "'%s' was taken", bad[i]);
        cr_expect_eq(err.code, PF_ERR_FORMAT);
    }
}

Test(gen_proto, too_many_parameters_are_refused)
{
    struct mk_gen_proto proto = {0};
    struct pf_err err = {0};

    cr_assert_not(parse(&proto,
                        "int f(int a, int b, int c, int d, int e, int g, int h, int i, int j, "
                        "int k, int l)",
                        &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
}
