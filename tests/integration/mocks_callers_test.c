/*
 * Calls made by shared libraries: seen, or the test fails and says why they cannot be.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mocks_support.h"

#define TEST_HEAD "#include <assay/mock.h>\n#include <criterion/criterion.h>\n"
#define LIB                                                                                        \
    "#include <unistd.h>\nint (*table[2])(const char *) = { unlink, rmdir };\n"                    \
    "pid_t lib_pid(void) { return getpid(); }\n"                                                   \
    "int lib_unlink(const char *path) { return table[0](path); }\n"                                \
    "void lib_swap(void) { table[0] = table[1]; }\n"
#define LIB_TEST                                                                                   \
    TEST_HEAD "#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n"                     \
              "pid_t lib_pid(void); int lib_unlink(const char *path); void lib_swap(void);\n"

static const char *project(const char *wrap, const char *test)
{
    char cmake[2048], source[2048];

    (void)snprintf(cmake, sizeof cmake,
                   MOCK_PROJECT "add_library(mine SHARED mine.c)\nadd_library(idle SHARED idle.c)\n"
                                "add_executable(t t.c code.c)\n"
                                "target_link_libraries(t PRIVATE mine idle criterion)\n%s\n",
                   wrap);
    (void)snprintf(source, sizeof source, LIB_TEST "%s\n", test);
    return mock_project((const struct mock_file[]){
        {"CMakeLists.txt", cmake},
        {"mine.c", LIB},
        {"idle.c", "int idle(void) { return 3; }\n"},
        {"code.c", "#include <dirent.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                   "int idle(void); int code(void) { return (int)getpid() + idle(); }\n"
                   "void *list(const char *s) { return opendir(s); }\n"
                   "void *room(void) { return malloc(3); }\n"},
        {"t.c", source},
        {NULL, NULL}});
}

static void expect_run(const char *wrap, const char *options, const char *test, const char *why)
{
    struct ts_result result = mock_project_run(project(wrap, test), options);

    cr_expect_eq(result.status == 0, why == NULL, "%s: %d: %s", wrap, result.status,
                 ts_err(&result));
    cr_expect(!why || strstr(ts_err(&result), why), "%s: wanted '%s', was: %s", wrap, why,
              ts_err(&result));
    ts_result_fini(&result);
}

#define NOW "-DCMAKE_SHARED_LINKER_FLAGS=-Wl,-z,relro,-z,now -DCMAKE_C_FLAGS=-fno-plt"

Test(mocks_callers, calls_and_tables_of_a_library_lead_to_wrappers)
{
    static const char *const options[] = {"", NOW, "-DCMAKE_C_COMPILER=clang"};

    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        expect_run("assay_wrap(t unlink getpid CALLERS libmine.so)", options[i],
                   "Test(a, b) { mock_unlink(.ret = 7); mock_getpid(.ret = 8);"
                   " cr_assert_eq(lib_unlink(\"x\"), 7); cr_assert_eq(lib_pid(), 8); }\n"
                   "Test(a, swapped) { lib_swap(); spy_getpid(.optional = true);"
                   " cr_assert_eq(lib_unlink(\"/no/such\"), -1); }",
                   NULL);
}

/* The pages the dynamic linker had made read-only are so again, in and after a test. */
Test(mocks_callers, read_only_pages_stay_read_only)
{
    expect_run(
        "assay_wrap(t getpid CALLERS libmine.so)", NOW,
        "static int writable(void) { char line[512]; int n = 0;"
        " FILE *f = fopen(\"/proc/self/maps\", \"r\");"
        " while (fgets(line, sizeof line, f))"
        " n += strstr(line, \"libmine\") && strstr(line, \" rw-p \"); fclose(f); return n; }\n"
        "Test(a, b) { lib_pid(); cr_expect_eq(writable(), 1); assay_mock_forget();"
        " cr_expect_eq(writable(), 1); }",
        NULL);
}

Test(mocks_callers, what_no_library_calls_fails)
{
    const char *test = "Test(a, b) { spy_getpid(.optional = true); lib_pid(); }";

    expect_run("assay_wrap(t getpid connect CALLERS libmine.so)", "", test,
               "connect: neither the code under test nor the libraries behind CALLERS call it");
    expect_run("assay_wrap(t getpid CALLERS libmine.so libidle.so)", "", test,
               "CALLERS libidle.so: it calls none of the wrapped functions");
    expect_run("assay_wrap(t getpid CALLERS libmine.so libnone.so)", "", test,
               "CALLERS libnone.so: no library of this name is loaded");
    expect_run("assay_wrap(t getpid malloc CALLERS libmine.so:malloc:getpid)", "", test,
               "CALLERS libmine.so:malloc:getpid: it makes no call of malloc that could be seen");
    expect_run("assay_wrap(t getpid CALLERS libmine.so:unlink)", "", test,
               "CALLERS libmine.so:unlink: unlink is not wrapped");
}

Test(mocks_callers, libc_s_own_calls_are_told_from_those_that_can_be_seen)
{
    const char *test = "void *list(const char *s);\n"
                       "Test(a, b) { fail_malloc(); cr_assert_null(list(\"/\")); }";

    expect_run("assay_wrap(t malloc opendir CALLERS libc.so.6)", "", test,
               "CALLERS libc.so.6: it calls its own opendir directly, where no mock can see it: "
               "name the functions you mean of it");
    expect_run("assay_wrap(t malloc opendir CALLERS libc.so.6:opendir)", "", test,
               "CALLERS libc.so.6:opendir: it calls none of the wrapped functions");
    expect_run("assay_wrap(t malloc opendir CALLERS libc.so.6:malloc)", "", test, NULL);
}
