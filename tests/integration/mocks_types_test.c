/*
 * Rules are typed: what cannot be meant does not compile, by gcc and by clang; what is meant does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>

#include "mocks_support.h"

static struct ts_result compile(const char *compiler, const char *statement)
{
    return ts_run(
        "cd %s && printf '#include <assay/mock.h>\\n#include <assay/mock_clock.h>\\n"
        "void t(int v, char *s, void *p) { (void)v, (void)s, (void)p; %%s; }\\n' '%s' > a.c"
        " && %s -D_GNU_SOURCE -fsyntax-only -I" MOCK_BIN "/mock_green_wraps"
        " -I" ASSAY_SOURCE_DIR "/mocks/include a.c",
        ts_temp_dir(), statement, compiler);
}

/* With plain flags: no warning level of the user's is needed. */
static const struct {
    const char *statement, *gcc, *clang;
} uncompilable[] = {
    {"mock_read(.count = IS(\"x\"))", "incompatible types", "requires explicit braces"},
    {"mock_read(.buf = IS(3))", "incompatible types", "requires explicit braces"},
    {"mock_read(.buf = LT(3.0))", "incompatible types", "requires explicit braces"},
    {"mock_read(.socket = IS(3))", "has no member named", "does not refer to any field"},
    {"mock_read(.ret = \"x\")", "int-conversion", "int-conversion"},
    {"mock_malloc(.ret = 5)", "int-conversion", "int-conversion"},
    {"mock_accept(.ret = 5)", "implicit declaration", "implicit-function-declaration"},
    {"strict(accept)", "mk_fn_accept", "mk_fn_accept"},
    /* values where matchers belong */
    {"expect_read(.fd = 0)", "missing-braces", "requires explicit braces"},
    {"expect_read(.fd = 1, .ret = 2)", "missing-braces", "requires explicit braces"},
    {"expect_read(.fd = 3)", "missing-braces", "requires explicit braces"},
    {"expect_read(.fd = v)", "missing-braces", "requires explicit braces"},
    {"expect_read(.fd = NULL)", "incompatible types", "requires explicit braces"},
    {"expect_read(.fd = {1})", "designated-init", "requires explicit braces"},
    {"expect_read(.buf = 0)", "missing-braces", "requires explicit braces"},
    {"expect_read(.buf = p)", "missing-braces", "requires explicit braces"},
    {"expect_write(.buf = \"text\")", "missing-braces", "requires explicit braces"},
    {"seq_read({.ret = 1}, {.fd = 0})", "missing-braces", "requires explicit braces"},
    /* values where bytes belong */
    {"mock_read(.out_buf = 0)", "missing-braces", "requires explicit braces"},
    {"mock_read(.out_buf = \"abc\")", "missing-braces", "requires explicit braces"},
    {"mock_read(.out_buf = s)", "missing-braces", "requires explicit braces"},
    {"mock_read(.out_buf = p)", "missing-braces", "requires explicit braces"},
    {"mock_read(.out_buf = {\"abc\", 3})", "designated-init", "requires explicit braces"},
    /* values without a name */
    {"mock_read(-1)", "designated-init", "requires explicit braces"},
    {"mock_read(0)", "designated-init", "requires explicit braces"},
    {"mock_read(p)", "designated-init", "requires explicit braces"},
    {"mock_read({3})", "designated-init", "excess elements"},
    {"mock_read(.ret = 1, 2)", "designated-init", ""},
    {"seq_read({3})", "designated-init", "requires explicit braces"},
    {"seq_read(3)", "missing-braces", "requires explicit braces"},
    {"seq_read(0)", "missing-braces", "requires explicit braces"},
    {"seq_read()", "expected expression", "expected expression"},
    {"fault_plan(3)", "designated-init", "requires explicit braces"},
    {"fault_plan(0)", "designated-init", "requires explicit braces"},
    {"fault_plan(.err = \"x\")", "int-conversion", "int-conversion"},
    {"clock_fake(3)", "designated-init", "requires explicit braces"},
    {"clock_fake(0)", "designated-init", "requires explicit braces"},
};

static void expect_uncompilable(const char *compiler, const char *statement, const char *why)
{
    struct ts_result result = compile(compiler, statement);

    cr_expect_neq(result.status, 0, "%s: %s compiles", compiler, statement);
    cr_expect_not_null(strstr(ts_err(&result), why), "%s: %s: %s", compiler, statement,
                       ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_types, what_cannot_be_meant_does_not_compile, .timeout = 120)
{
    for (unsigned i = 0; i < sizeof uncompilable / sizeof *uncompilable; i++) {
        expect_uncompilable("gcc", uncompilable[i].statement, uncompilable[i].gcc);
        expect_uncompilable("clang", uncompilable[i].statement, uncompilable[i].clang);
    }
}

static void expect_compiles(const char *compiler, const char *statement)
{
    struct ts_result result = compile(compiler, statement);

    cr_expect_eq(result.status, 0, "%s: %s", compiler, statement);
    cr_expect_str_eq(ts_err(&result), "", "%s: %s: %s", compiler, statement, ts_err(&result));
    ts_result_fini(&result);
}

/* The guards that refuse the above let through what is meant, without a warning. */
Test(mocks_types, what_is_meant_compiles_at_every_warning_level)
{
    static const char *const statements[] = {
        "mock_read(.fd = IS(3), .out_buf = BYTES(\"ab\"), .ret = 2)",
        "mock_read(.fd = ANY, .buf = IS(NULL), .out_buf = BYTES_OF(p, 3), .count = GT(v))",
        "mock_read(.out_buf = OBJECT(v))",
        "seq_read({.ret = 1}, {.err = 4}, {.fd = ANY, .out_buf = BYTES(\"\")})",
        "if (v) mock_read(.ret = 0); else spy_read(.with_count = 1)",
        "for (; v; v--) fault_plan(.err = 4, .percent = 30)",
        "clock_fake(.mono_ms = 1000)",
    };

    for (unsigned i = 0; i < sizeof statements / sizeof *statements; i++) {
        expect_compiles("gcc -O2 -Wall -Wextra -Wpedantic -Werror", statements[i]);
        expect_compiles("clang -O2 -Wall -Wextra -Wpedantic -Werror", statements[i]);
    }
    expect_compiles("gcc", "clock_fake(); int own[2][2] = {1, 2, 3, 4}; (void)own");
}
