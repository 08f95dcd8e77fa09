/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_header_names.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct pf_arena arena;

static bool names(struct mk_gen_proto *proto, const char *text, unsigned line)
{
    return mk_gen_names_from_text(proto, (struct pf_bytes){text, strlen(text)}, line, &arena);
}

static struct mk_gen_proto proto_of(unsigned count, bool variadic)
{
    struct mk_gen_proto proto = {.name = "db_get", .param_count = count, .variadic = variadic};

    for (unsigned i = 0; i < count; i++)
        proto.params[i].name = "arg";
    return proto;
}

Test(gen_header_names, declaration_over_several_lines_is_read)
{
    struct mk_gen_proto proto = proto_of(3, false);

    cr_assert(names(&proto,
                    "int x;\nint db_get(struct db *db, const char *key,\n  size_t size[2]);\n", 2));
    cr_assert_str_eq(proto.params[0].name, "db");
    cr_assert_str_eq(proto.params[1].name, "key");
    cr_assert_str_eq(proto.params[2].name, "size");
}

Test(gen_header_names, variable_arguments_are_no_parameter)
{
    struct mk_gen_proto proto = proto_of(1, true);

    cr_assert(names(&proto, "void db_get(const char *format, ...);", 1));
    cr_assert_str_eq(proto.params[0].name, "format");
}

Test(gen_header_names, what_has_no_names_is_left_alone)
{
    static const char *const texts[] = {
        "int db_get(int, int);",
        "int db_get(unsigned long, int b);",
        "int db_get(const key_t, int b);",
        "int db_get(struct db, int b);",
        "int db_get(int a, void (*each)(int));",
        "int db_get(int a);",
        "int db_get(int a, int b, int c);",
        "int db_get(int a, int b, ...);",
        "int db_get(int a, int b",
        "int db_get;",
        "int other(int a, int b);",
        "",
    };

    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mk_gen_proto proto = proto_of(2, false);
        cr_expect_not(names(&proto, texts[i], 1), "'%s' was taken", texts[i]);
        cr_expect_str_eq(proto.params[0].name, "arg");
    }
}

Test(gen_header_names, a_line_past_the_end_is_no_declaration)
{
    struct mk_gen_proto proto = proto_of(1, false);

    cr_assert_not(names(&proto, "int db_get(int a);", 2));
    cr_assert_not(mk_gen_names_from_header(&proto, "/no/such/header.h", 1, &arena));
}

Test(gen_header_names, text_cut_at_any_byte_is_safe)
{
    static const char text[] = "int db_get(struct db *db, const char *key, size_t size[2]);";

    for (size_t size = 0; size < sizeof text; size++) {
        struct mk_gen_proto proto = proto_of(3, false);
        char *cut = strndup(text, size);
        bool ok = names(&proto, cut, 1);
        cr_expect_eq(ok, size >= sizeof text - 2, "%zu", size);
        free(cut);
    }
}
