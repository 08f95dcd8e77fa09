/*
 * Calls a wrapper could miss without a word: each project's mock works, or does not build and is
 * told why.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mocks_support.h"

#define TEST_HEAD "#include <assay/mock.h>\n#include <criterion/criterion.h>\n"
#define PROGRAM                                                                                    \
    "add_executable(t t.c home.c user.c)\ntarget_link_libraries(t PRIVATE criterion)\n"            \
    "assay_wrap(t fetch)\n"
#define FETCH "int fetch(int x) { static volatile int k; k = x; return k + 1; }\n"
#define NEVER_INLINE "__attribute__((noinline)) " FETCH
#define USER "int fetch(int x); int use(int x) { return fetch(x) + 100; }\n"
#define USE_TEST                                                                                   \
    TEST_HEAD "int use(int x);\n"                                                                  \
              "Test(a, b) { mock_fetch(.ret = 7); cr_assert_eq(use(1), 107); }\n"

static const char *fetch_project(const char *cmake, const char *home)
{
    return mock_project((const struct mock_file[]){{"CMakeLists.txt", cmake},
                                                   {"home.c", home},
                                                   {"user.c", USER},
                                                   {"t.c", USE_TEST},
                                                   {NULL, NULL}});
}

static void expect_works(const char *dir, const char *options)
{
    struct ts_result result = mock_project_run(dir, options);

    cr_expect_eq(result.status, 0, "%s: %s", options, ts_err(&result));
    ts_result_fini(&result);
}

static void expect_refused(const char *dir, const char *options, const char *why)
{
    struct ts_result result = mock_project_run(dir, options);

    cr_expect_neq(result.status, 0, "%s: %s: was not refused", options, why);
    cr_expect_not_null(strstr(ts_err(&result), why), "%s: wanted '%s', was: %s", options, why,
                       ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_seams, fat_objects_are_not_compiled_again_past_the_wrapper)
{
    const char *dir = fetch_project(MOCK_PROJECT PROGRAM, FETCH);

    expect_works(dir, "-DCMAKE_C_FLAGS='-O2 -flto=auto -ffat-lto-objects'");
}

Test(mocks_seams, calls_that_stay_in_the_file_are_refused)
{
    static const char *const homes[][2] = {
        {"-O2", NEVER_INLINE "int again(int x) { return fetch(x * 2); }\n"}, /* jmp */
        {"-O2 -fPIC", NEVER_INLINE "int again(int x) { return fetch(x) * 2; }\n"},
        {"-O0", FETCH "int (*table[])(int) = { fetch };\n"},
        {"-O0", FETCH "int again(int x) { return x ? fetch(x) : 0; }\n"},
    };

    for (unsigned i = 0; i < sizeof homes / sizeof *homes; i++) {
        char options[64];
        (void)snprintf(options, sizeof options, "-DCMAKE_C_FLAGS='%s'", homes[i][0]);
        expect_refused(fetch_project(MOCK_PROJECT PROGRAM, homes[i][1]), options,
                       "which defines it, calls it as well (or keeps its address), and those calls "
                       "do not reach the linker: list it behind INSIDE");
    }
}

Test(mocks_seams, a_copy_inlined_in_its_own_file_is_refused)
{
    const char *dir =
        fetch_project(MOCK_PROJECT PROGRAM, FETCH "int again(int x) { return fetch(x) * 2; }\n");

    expect_refused(dir, "-DCMAKE_C_FLAGS=-O2", "has it inlined in again");
    expect_refused(dir, "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-O2", "has it inlined in again");
}

Test(mocks_seams, a_function_behind_inside_is_seen_in_its_own_file)
{
    const char *dir = fetch_project(MOCK_PROJECT "add_executable(t t.c home.c user.c)\n"
                                                 "target_link_libraries(t PRIVATE criterion)\n"
                                                 "assay_wrap(t INSIDE fetch)\n",
                                    FETCH "int again(int x) { return fetch(x * 2); }\n");

    expect_works(dir, "-DCMAKE_C_FLAGS=-O2");
}

#define LIBRARY                                                                                    \
    "add_library(n STATIC n.c)\n%s"                                                                \
    "add_executable(t t.c)\ntarget_link_libraries(t PRIVATE n criterion)\n"                        \
    "assay_wrap(t INSIDE helper)\n"

static const char *library_project(const char *settings)
{
    char cmake[2048];

    (void)snprintf(cmake, sizeof cmake, MOCK_PROJECT LIBRARY, settings);
    return mock_project((const struct mock_file[]){
        {"CMakeLists.txt", cmake},
        {"n.c", "int helper(int x) { return x + 1; }\nint api(int x) { return helper(x) * 2; }\n"},
        {"t.c", TEST_HEAD "int api(int x);\n"
                          "Test(a, b) { mock_helper(.ret = 5); cr_assert_eq(api(1), 10); }\n"},
        {NULL, NULL}});
}

Test(mocks_seams, a_library_is_built_for_inside_by_one_line)
{
    const char *dir = library_project("assay_wrap_inside(n)\n");

    expect_works(dir, "-DCMAKE_C_FLAGS='-O2 -g'");
    expect_works(library_project("assay_wrap_inside(n)\n"),
                 "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS='-O2 -g'");
    expect_works(library_project("target_compile_options(n PRIVATE -g -O0 "
                                 "-fpatchable-function-entry=16 -fno-ipa-stack-alignment)\n"),
                 "");
}

Test(mocks_seams, a_library_whose_callers_saw_into_it_is_refused)
{
    const char *dir = library_project("target_compile_options(n PRIVATE -O2 "
                                      "-fpatchable-function-entry=16 -fno-inline)\n");

    expect_refused(dir, "-DCMAKE_C_FLAGS=-g", "n.c.o was built without -fno-ipa-cp");
    expect_refused(dir, "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-g", "was built without -O0");
    expect_refused(dir, "", "tells how it was built: build it with -g");
    expect_refused(
        library_project(""), "-DCMAKE_C_FLAGS=-g",
        "its file has no room for the jump that INSIDE needs (assay_wrap_inside(LIBRARY)");
}

#define CHAIN                                                                                      \
    "add_library(low STATIC low.c)\n"                                                              \
    "target_compile_definitions(low PRIVATE _FILE_OFFSET_BITS=64)\n"                               \
    "add_library(high STATIC high.c)\ntarget_link_libraries(high PRIVATE low)\n"                   \
    "add_library(face INTERFACE)\n"                                                                \
    "target_link_libraries(face INTERFACE $<$<BOOL:ON>:high>)\n"
#define CHAIN_TEST                                                                                 \
    "add_executable(t ${CMAKE_SOURCE_DIR}/t.c ${CMAKE_SOURCE_DIR}/own.c)\n"                        \
    "target_link_libraries(t PRIVATE face criterion)\nassay_wrap(t open)\n"

static const char *chain_project(const char *cmake)
{
    return mock_project((const struct mock_file[]){
        {"CMakeLists.txt", cmake},
        {"low.c", "#include <fcntl.h>\nint low(void) { return open(\"x\", O_RDONLY); }\n"},
        {"high.c", "#include <fcntl.h>\nint low(void);\n"
                   "int high(void) { return low() + open(\"y\", O_RDONLY); }\n"},
        {"own.c", "#include <fcntl.h>\nint own(void) { return open(\"z\", O_RDONLY); }\n"},
        {"t.c", TEST_HEAD "int high(void);\n"
                          "Test(a, b) { mock_open(.ret = 7); cr_assert_eq(high(), 14); }\n"},
        {"sub/CMakeLists.txt", CHAIN_TEST},
        {NULL, NULL}});
}

Test(mocks_seams, libraries_behind_libraries_are_read)
{
    expect_works(chain_project(MOCK_PROJECT CHAIN CHAIN_TEST), "");
}

Test(mocks_seams, a_library_that_comes_too_late_is_told)
{
    expect_refused(chain_project(MOCK_PROJECT "add_subdirectory(sub)\n" CHAIN), "",
                   "assay_wrap(t): it links high low, of which nothing was known");
}

#define PUTS_TEST                                                                                  \
    TEST_HEAD "void hello(int n);\n"                                                               \
              "Test(a, b) { spy_printf(); hello(1); cr_assert_eq(printf_calls(), 2); }\n"

static const char *printing_project(const char *source)
{
    return mock_project((const struct mock_file[]){
        {"CMakeLists.txt", MOCK_PROJECT "add_library(n STATIC n.c)\nadd_executable(t t.c)\n"
                                        "target_link_libraries(t PRIVATE n criterion)\n"
                                        "assay_wrap(t printf)\n"},
        {"n.c", source},
        {"t.c", PUTS_TEST},
        {NULL, NULL}});
}

Test(mocks_seams, calls_the_compiler_replaced_in_part_are_refused)
{
    static const char *const options[] = {"-DCMAKE_C_FLAGS='-O0 -g'", "-DCMAKE_C_FLAGS='-O2 -g'",
                                          "-DCMAKE_C_FLAGS=-O2",
                                          "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS='-O2 -g'"};
    const char *source = "#include <stdio.h>\n"
                         "void hello(int n) { printf(\"%d\", n); printf(\"bye\\n\"); }\n";

    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        expect_refused(printing_project(source), options[i], "made calls of puts of some of its");
    expect_works(printing_project(source), "-DCMAKE_C_FLAGS='-O2 -g -fno-builtin-printf'");
    expect_works(printing_project(source), "-DCMAKE_C_FLAGS='-g -fno-builtin-printf'");
}

Test(mocks_seams, calls_of_both_by_the_source_are_not_refused)
{
    const char *source = "#include <stdio.h>\nvoid hello(int n)\n"
                         "{ printf(\"%d\", n); puts(\"bye\"); printf(\"%d\", n + 1); }\n";

    expect_works(printing_project(source), "-DCMAKE_C_FLAGS='-O2 -g'");
    expect_works(printing_project(source), "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS='-O2 -g'");
    expect_works(printing_project(source), "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS='-O0 -g'");
}

Test(mocks_seams, calls_that_headers_replace_are_kept_in_own_code)
{
    const char *dir = mock_project((const struct mock_file[]){
        {"CMakeLists.txt", MOCK_PROJECT "add_executable(t t.c code.c)\n"
                                        "target_link_libraries(t PRIVATE criterion)\n"
                                        "assay_wrap(t getline putchar)\n"},
        {"code.c", "#define _GNU_SOURCE\n#include <stdio.h>\nint code(char **line, size_t *n)\n"
                   "{ putchar('x'); return (int)getline(line, n, stdin); }\n"},
        {"t.c", TEST_HEAD "int code(char **line, size_t *n);\n"
                          "Test(a, b) { mock_putchar(.ret = 1); mock_getline(.ret = 7);"
                          " cr_assert_eq(code(NULL, NULL), 7); }\n"},
        {NULL, NULL}});

    expect_works(dir, "-DCMAKE_C_FLAGS=-O2");
    expect_works(dir, "-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-O2");
    expect_works(dir, "-DCMAKE_C_FLAGS='-O0 -Werror'");
}

/* conn hides its own type, call and ret stood for the wrapper's locals, buf_bytes for a field. */
#define NAMES                                                                                      \
    "#ifndef N_H\n#define N_H\n#include <stddef.h>\ntypedef struct conn { int a; } conn;\n"        \
    "int notify(const char *call, int ret, char **args, int err);\n"                               \
    "int conn_open(conn *conn, int *fd);\nint fill(char *buf, size_t buf_bytes);\nint old();\n"    \
    "_Complex double turn(_Complex double by, _Complex float at);\n#endif\n"
#define NAMES_HOME                                                                                 \
    "#include \"n.h\"\nint notify(const char *call, int ret, char **args, int err)\n"              \
    "{ return call[0] + ret + err + (args != 0); }\n"                                              \
    "int conn_open(conn *conn, int *fd) { *fd = conn->a; return 0; }\n"                            \
    "int fill(char *buf, size_t buf_bytes) { buf[0] = 1; return (int)buf_bytes; }\n"               \
    "int old() { return 5; }\n"                                                                    \
    "_Complex double turn(_Complex double by, _Complex float at) { return by + at; }\n"
#define NAMES_USER                                                                                 \
    "#include \"n.h\"\nint use(int x) { conn c = {3}; int fd; char buf[9]; conn_open(&c, &fd);\n"  \
    "return notify(\"A\", x, 0, 2) + fd + fill(buf, 9) + old() + (int)__real__ turn(1.0, 2.0f); "  \
    "}\n"
#define NAMES_TEST                                                                                 \
    TEST_HEAD                                                                                      \
    "#include \"n.h\"\nint use(int x);\n"                                                          \
    "Test(a, real) { cr_assert_eq(use(1), 65 + 1 + 2 + 3 + 9 + 5 + 3); }\n"                        \
    "Test(a, mocked) { spy_notify(.call_ = STR(\"A\"), .ret_ = IS(1), .with_ret_ = 11);\n"         \
    "spy_fill(.buf_bytes_ = IS(9)); spy_conn_open(); spy_turn(); mock_old(.ret = 7);\n"            \
    "cr_assert_eq(use(1), 65 + 11 + 2 + 3 + 9 + 7 + 3);\n"                                         \
    "cr_assert_eq(notify_call(0)->ret, 78); cr_assert_eq(turn_calls(), 1); }\n"

Test(mocks_seams, parameters_may_have_any_name_and_type)
{
    const char *dir = mock_project((const struct mock_file[]){
        {"CMakeLists.txt", MOCK_PROJECT "add_executable(t t.c home.c user.c)\n"
                                        "target_link_libraries(t PRIVATE criterion)\n"
                                        "assay_wrap(t notify conn_open fill turn old)\n"},
        {"n.h", NAMES},
        {"home.c", NAMES_HOME},
        {"user.c", NAMES_USER},
        {"t.c", NAMES_TEST},
        {NULL, NULL}});

    expect_works(dir, "");
    expect_works(dir, "-DCMAKE_C_FLAGS='-O2 -Wall -Wextra'");
}
