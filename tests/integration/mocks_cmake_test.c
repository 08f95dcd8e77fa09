/*
 * assay_wrap() in a project of its own, and assay wrap on the command line.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mocks_support.h"

#define HEAD MOCK_PROJECT
#define PROGRAM "add_executable(t t.c code.c)\ntarget_link_libraries(t PRIVATE criterion)\n"
#define CODE "#include <unistd.h>\nint answer(void) { return getpid() + 1; }\n"
#define TEST                                                                                       \
    "#include <assay/mock.h>\n#include <criterion/criterion.h>\nint answer(void);\n"               \
    "Test(a, b) { mock_getpid(.ret = 41); cr_assert_eq(answer(), 42); }\n"

static const char *write_project(const char *cmake)
{
    return mock_project((const struct mock_file[]){
        {"CMakeLists.txt", cmake}, {"code.c", CODE}, {"t.c", TEST}, {NULL, NULL}});
}

static struct ts_result configure(const char *dir)
{
    return ts_run("cd %s && cmake -G Ninja -B b -DCMAKE_EXE_LINKER_FLAGS='" MOCK_FLAGS "' .", dir);
}

static void expect_refused(const char *cmake, const char *why)
{
    struct ts_result result =
        ts_run("cd %s && cmake -G Ninja -B b . && ninja -C b", write_project(cmake));
    char all[16384];

    (void)snprintf(all, sizeof all, "%s%s", ts_err(&result), ts_out(&result));
    cr_expect_neq(result.status, 0, "%s: was not refused", why);
    cr_expect_not_null(strstr(all, why), "wanted '%s', was: %s", why, all);
    ts_result_fini(&result);
}

Test(mocks_cmake, a_project_of_its_own_builds_and_passes)
{
    const char *dir = write_project(HEAD PROGRAM "assay_wrap(t getpid)\n");
    struct ts_result configured = configure(dir);
    struct ts_result built = ts_run("cd %s && ninja -C b && b/t", dir);

    cr_assert_eq(configured.status, 0, "%s", ts_err(&configured));
    cr_assert_eq(built.status, 0, "%s%s", ts_out(&built), ts_err(&built));
    ts_result_fini(&configured);
    ts_result_fini(&built);
}

Test(mocks_cmake, nothing_is_built_again_that_did_not_change)
{
    const char *dir = write_project(HEAD PROGRAM "assay_wrap(t getpid)\n");
    struct ts_result configured = configure(dir);
    struct ts_result first = ts_run("cd %s && ninja -C b", dir);
    struct ts_result again = ts_run("cd %s && ninja -C b", dir);
    struct ts_result edited = ts_run("cd %s && echo '/* */' >> code.c && ninja -v -C b", dir);

    cr_assert_eq(first.status, 0, "%s", ts_out(&first));
    cr_assert_not_null(strstr(ts_out(&again), "no work to do"), "%s", ts_out(&again));
    cr_assert_not_null(strstr(ts_out(&edited), "assay-wrapgen @"), "%s", ts_out(&edited));
    cr_assert_null(strstr(ts_out(&edited), "t.c.o -c"), "the test was compiled again: %s",
                   ts_out(&edited));
    ts_result_fini(&configured);
    ts_result_fini(&first);
    ts_result_fini(&again);
    ts_result_fini(&edited);
}

Test(mocks_cmake, what_would_do_nothing_is_refused)
{
    expect_refused(HEAD PROGRAM "assay_wrap(t connect)\n",
                   "connect: none of the 1 objects calls it");
    expect_refused(HEAD PROGRAM "assay_wrap(t)\n", "name the functions to wrap");
    expect_refused(HEAD "assay_wrap(u read)\n", "no such target");
    expect_refused(HEAD "add_executable(t t.c)\nassay_wrap(t read)\n", "no code under test");
    expect_refused(HEAD PROGRAM "set_property(TARGET t PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)\n"
                                "assay_wrap(t getpid)\n",
                   "link-time optimisation is on");
}

#define WORDS                                                                                      \
    "#ifndef WORDS_H\n#define WORDS_H\n#include <assay/mock.h>\n#include "                         \
    "<criterion/criterion.h>\n"                                                                    \
    "#endif\n"
#define TEST_BY_WORDS                                                                              \
    "#include \"words.h\"\nint answer(void);\n"                                                    \
    "Test(a, b) { mock_getpid(.ret = 41); cr_assert_eq(answer(), 42); }\n"

Test(mocks_cmake, a_test_is_known_by_what_it_uses)
{
    const char *dir = mock_project((const struct mock_file[]){
        {"CMakeLists.txt", HEAD "add_executable(t t.c helper.c code.c)\n"
                                "target_link_libraries(t PRIVATE criterion)\n"
                                "assay_wrap(t getpid)\n"},
        {"words.h", WORDS},
        {"t.c", TEST_BY_WORDS},
        {"helper.c", "#include \"words.h\"\nvoid help(void) { spy_getpid(.optional = true); }\n"},
        {"code.c", CODE},
        {NULL, NULL}});
    struct ts_result built = mock_project_run(dir, "");

    cr_assert_eq(built.status, 0, "%s", ts_err(&built));
    ts_result_fini(&built);
}

Test(mocks_cmake, generators_of_several_configurations_work)
{
    const char *dir = write_project(HEAD PROGRAM "assay_wrap(t getpid)\n");
    struct ts_result built =
        ts_run("cd %s && cmake -G 'Ninja Multi-Config' -B b -DCMAKE_EXE_LINKER_FLAGS='" MOCK_FLAGS
               "' . >&2 && ninja -C b >&2 && ninja -C b -f build-Release.ninja >&2 && b/Debug/t && "
               "b/Release/t",
               dir);

    cr_assert_eq(built.status, 0, "%s", ts_err(&built));
    ts_result_fini(&built);
}

static void expect_cli(const char *arguments, int status, const char *out, const char *err)
{
    struct ts_result result = ts_run("cd %s && assay wrap %s", ts_temp_dir(), arguments);

    cr_expect_eq(result.status, status, "%s: %d", arguments, result.status);
    cr_expect_not_null(strstr(ts_out(&result), out), "%s: %s", arguments, ts_out(&result));
    cr_expect_not_null(strstr(ts_err(&result), err), "%s: %s", arguments, ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_cmake, the_command_line_does_the_same)
{
    struct ts_result made =
        ts_run("cd %s && gcc -g -c " MOCK_SRC "/trap_calls.c && assay wrap -f read,open -o w "
               "trap_calls.o && cat w/wraps.rsp",
               ts_temp_dir());

    cr_assert_eq(made.status, 0, "%s", ts_err(&made));
    cr_assert_not_null(strstr(ts_out(&made), "wrapped by the linker as read, types from"));
    cr_assert_not_null(strstr(ts_out(&made), "-Wl,--wrap=open\n"));
    ts_result_fini(&made);
    expect_cli("--list", 0, "\nread                     -1           blocks  EIO EAGAIN EINTR", "");
    expect_cli("-f read -o w", 2, "", "which objects call them?");
    expect_cli("-o w x.o", 2, "", "which functions?");
    expect_cli("-f read x.o", 2, "", "where to?");
    expect_cli("-f read -o w no.o", 2, "", "no.o: No such file");
    expect_cli("--what", 2, "", "unknown option --what");
    expect_cli("--help", 0, "assay wrap", "");
}

Test(mocks_cmake, an_output_that_cannot_be_written_is_told)
{
    struct ts_result result =
        ts_run("cd %s && gcc -g -c " MOCK_SRC "/trap_calls.c && : > w && assay wrap -f read -o w "
               "trap_calls.o",
               ts_temp_dir());

    cr_assert_neq(result.status, 0);
    cr_assert_not_null(strstr(ts_err(&result), "w/assay: cannot be made"), "%s", ts_err(&result));
    ts_result_fini(&result);
}
