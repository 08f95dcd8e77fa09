/*
 * Assay installed, its prefix moved elsewhere, and used from there by a project of its own: built
 * with CMake by gcc and by clang, and with make; tested, profiled, checked for leaks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/command.h"

#define SAMPLE ASSAY_SOURCE_DIR "/tests/integration/installed_sample"

TestSuite(installed, .timeout = 120);

/* Every test's own installation, moved after it was made. Nothing of the build tree is on PATH. */
static const char *install_and_move(void)
{
    const char *dir = ts_temp_dir();
    struct ts_result made = ts_run("cd %s && cmake --install " ASSAY_BINARY_DIR
                                   " --prefix first >/dev/null && mv first moved && "
                                   "mkdir project && cp " SAMPLE "/* project",
                                   dir);

    cr_assert_eq(made.status, 0, "%s", ts_err(&made));
    ts_result_fini(&made);
    return dir;
}

/* Run line in the project, "$P" being the prefix; its status must be wanted. */
static struct ts_result in_project(const char *dir, const char *line, int wanted)
{
    struct ts_result result = ts_run(
        "cd %s/project && P=%s/moved && export PATH=$P/bin:/usr/bin:/bin && %s", dir, dir, line);

    cr_assert_eq(result.status, wanted, "%s: %d\n%s%s", line, result.status, ts_out(&result),
                 ts_err(&result));
    return result;
}

static void expect_says(const char *dir, const char *line, int wanted, const char *text)
{
    struct ts_result result = in_project(dir, line, wanted);

    cr_expect(strstr(ts_out(&result), text) || strstr(ts_err(&result), text),
              "%s: wanted <<%s>> in:\n%s%s", line, text, ts_out(&result), ts_err(&result));
    ts_result_fini(&result);
}

static void build_by(const char *dir, const char *compiler)
{
    char line[512];

    (void)snprintf(line, sizeof line,
                   "cmake -G Ninja -B b -DCMAKE_C_COMPILER=%s -DCMAKE_PREFIX_PATH=$P . && "
                   "ninja -C b",
                   compiler);
    struct ts_result built = in_project(dir, line, 0);
    ts_result_fini(&built);
    expect_says(dir, "assay test b/suite", 0, "2 pass");
}

Test(installed, a_moved_prefix_builds_tests_profiles_and_checks)
{
    const char *dir = install_and_move();

    build_by(dir, "gcc");

    expect_says(dir, "ctest --test-dir b", 0, "suite/greeter/greets_over_http");
    expect_says(dir, "assay record --engine agent -o p.pb.gz -- b/greeter spin", 0, "rooted");
    expect_says(dir, "assay report p.pb.gz", 0, "spin_greeting");
    expect_says(dir, "assay leaks -- b/greeter lose", 1, "lose_greeting");
    expect_says(dir, "assay leaks -- b/greeter spin", 0, "definite   0 bytes");
}

Test(installed, clang_builds_against_it)
{
    build_by(install_and_move(), "clang");
}

Test(installed, make_and_pkg_config_build_against_it)
{
    const char *dir = install_and_move();

    expect_says(dir, "PKG_CONFIG_PATH=$(dirname $(find $P -name assay.pc)) make", 0,
                "-lassay-harness");
    expect_says(dir, "assay test ./suite", 0, "2 pass");
}

Test(installed, what_is_missing_or_misspelt_is_named)
{
    const char *dir = install_and_move();
    const char *configure = "printf 'cmake_minimum_required(VERSION 3.25)\\nproject(x C)\\n"
                            "find_package(Assay REQUIRED COMPONENTS %s)\\n' > CMakeLists.txt && "
                            "PKG_CONFIG_LIBDIR=%s cmake -G Ninja -B n -DCMAKE_PREFIX_PATH=$P .";
    char line[512];

    (void)snprintf(line, sizeof line, configure, "harness", "/nowhere");
    expect_says(dir, line, 1, "libjansson-dev");
    (void)snprintf(line, sizeof line, configure, "profiler", "/nowhere");
    expect_says(dir, line, 1, "no component profiler");
    (void)snprintf(line, sizeof line, configure, "mocks", "/nowhere");
    expect_says(dir, line, 0, "Configuring done");
}

Test(installed, holds_no_path_of_the_place_it_was_built_in)
{
    const char *dir = install_and_move();

    struct ts_result texts =
        in_project(dir, "grep -rlI -e " ASSAY_BINARY_DIR " -e " ASSAY_SOURCE_DIR " $P || true", 0);
    cr_expect_str_eq(ts_out(&texts), "");
    ts_result_fini(&texts);
    struct ts_result constants = in_project(
        dir,
        "for f in $P/bin/* $(find $P -name '*.so'); do readelf -p .rodata $f 2>/dev/null;"
        " readelf -d $f | grep -E 'R(UN)?PATH'; done | grep -E '" ASSAY_BINARY_DIR "|PATH' || true",
        0);
    cr_expect_null(strstr(ts_out(&constants), ASSAY_BINARY_DIR), "%s", ts_out(&constants));
    cr_expect_null(strstr(ts_out(&constants), "RUNPATH"), "%s", ts_out(&constants));
    ts_result_fini(&constants);
}

Test(installed, has_the_manual)
{
    const char *dir = install_and_move();

    struct ts_result missing =
        in_project(dir,
                   "assay --verbs | cut -f1 | while read -r verb; do "
                   "test -s $P/share/man/man1/assay-$verb.1 || echo no page for $verb; done",
                   0);
    cr_expect_str_eq(ts_out(&missing), "");
    ts_result_fini(&missing);
}
