/*
 * The traps of link-time wrapping: each is met by a way that works, or refused with its reason.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mocks_support.h"

#define CALLS                                                                                      \
    "--function read --function open --function sscanf --function printf --function snprintf"      \
    " --function fcntl --function stat"
#define INSIDE_FLAGS " -fpatchable-function-entry=16 -fno-inline"
#define GCC_INSIDE                                                                                 \
    INSIDE_FLAGS " -fno-ipa-cp -fno-ipa-bit-cp -fno-ipa-vrp -fno-ipa-sra -fno-ipa-ra"              \
                 " -fno-ipa-icf -fno-ipa-pure-const -fno-ipa-modref -fno-ipa-stack-alignment"      \
                 " -fno-partial-inlining"
#define FORTIFIED_PIC                                                                              \
    "gcc -O2 -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64 -fPIC -fno-builtin-printf"                 \
    " -fno-builtin-__printf_chk"
#define INSIDE "--function hidden --function trap_shown"

static void expect_seen(const struct mock_build *build)
{
    struct ts_result result = mock_build_run(build);

    cr_expect_eq(result.status, 0, "%s: status %d: %s", build->compiler, result.status,
                 ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "all seen"), "%s: %s", build->compiler,
                       ts_err(&result));
    ts_result_fini(&result);
}

static void expect_refused(const char *compiler, const char *code, const char *functions,
                           const char *why)
{
    struct ts_result result = mock_wrap_only(compiler, code, functions);

    cr_expect_neq(result.status, 0, "%s: was not refused", why);
    cr_expect_not_null(strstr(ts_err(&result), why), "wanted '%s', was: %s", why, ts_err(&result));
    ts_result_fini(&result);
}

/* Plain, optimised, fortified, large files, position independent, fat objects of LTO, clang. */
Test(mocks_traps, renamed_calls_are_mocked_under_their_plain_names)
{
    static const char *const compilers[] = {
        "gcc -O0 -fno-builtin-printf",
        "gcc -O2 -fno-builtin-printf -fno-builtin-snprintf",
        "gcc -O2 -D_FORTIFY_SOURCE=2 -fno-builtin-printf -fno-builtin-__printf_chk",
        "gcc -O2 -D_FILE_OFFSET_BITS=64 -fno-builtin-printf",
        FORTIFIED_PIC,
        "gcc -std=c99 -D_GNU_SOURCE -O1 -fno-plt -fno-builtin-printf",
        "gcc -O2 -flto -ffat-lto-objects -fno-builtin-printf",
        "clang -O0 -fno-builtin-printf",
        "clang -O2 -fno-builtin-printf",
    };

    for (unsigned i = 0; i < sizeof compilers / sizeof *compilers; i++)
        expect_seen(&(struct mock_build){compilers[i], "trap_calls", "trap_calls_check", CALLS});
}

Test(mocks_traps, calls_inside_one_file_are_seen_when_built_for_it)
{
    static const char *const compilers[] = {
        "gcc -O0" GCC_INSIDE,       "gcc -O2" GCC_INSIDE,
        "gcc -O3 -fPIC" GCC_INSIDE, "gcc -O2 -fcf-protection=full" GCC_INSIDE,
        "clang -O0" INSIDE_FLAGS,   "clang -O2 -fPIC" INSIDE_FLAGS " -O0",
    };

    for (unsigned i = 0; i < sizeof compilers / sizeof *compilers; i++)
        expect_seen(&(struct mock_build){compilers[i], "trap_inside", "trap_inside_check", INSIDE});
}

Test(mocks_traps, variadic_functions_of_the_project_are_handed_on_whole)
{
    static const char *const compilers[] = {"gcc -O0", "gcc -O2", "gcc -O2 -fPIC", "clang -O2"};

    for (unsigned i = 0; i < sizeof compilers / sizeof *compilers; i++)
        expect_seen(&(struct mock_build){compilers[i], "sample_log_user",
                                         "sample_log.c " MOCK_SRC "/trap_log_check",
                                         "--function log_put --function log_scale"});
}

Test(mocks_traps, every_kind_of_type_is_taken_from_debug_information)
{
    static const char *const compilers[] = {"gcc -O0", "gcc -O2", "clang -O1"};

    for (unsigned i = 0; i < sizeof compilers / sizeof *compilers; i++)
        expect_seen(&(struct mock_build){compilers[i], "trap_types", "trap_types_check",
                                         "--function types_void --function types_enum"
                                         " --function types_pointer --function types_number"
                                         " --function types_function"});
}

#define FORTIFIED_OUTS                                                                             \
    "gcc -O2 -fno-builtin -D_GNU_SOURCE -D__NO_INLINE__=1 -D_FORTIFY_SOURCE=2"                     \
    " -D_FILE_OFFSET_BITS=64"
#define OUTS                                                                                       \
    "--function pipe --function pipe2 --function socketpair --function fread --function fgets"     \
    " --function getcwd --function getline --function snprintf --function sprintf"                 \
    " --function asprintf --function inet_pton --function getnameinfo --function timer_create"     \
    " --function gmtime_r --function mkstemp --function realpath"

Test(mocks_traps, every_kind_of_out_parameter_is_filled)
{
    static const char *const compilers[] = {
        "gcc -O0 -fno-builtin -D_GNU_SOURCE", FORTIFIED_OUTS,
        "clang -O2 -fno-builtin -D_GNU_SOURCE -D__NO_INLINE__=1"};

    for (unsigned i = 0; i < sizeof compilers / sizeof *compilers; i++)
        expect_seen(&(struct mock_build){compilers[i], "trap_outs", "trap_outs_check", OUTS});
}

Test(mocks_traps, value_only_its_header_can_name_is_refused)
{
    expect_refused("gcc -O0", "trap_values", "--function values_take",
                   "values_take: passes nameless by value, which only its header can name");
}

/* Wrapped, it would be faked for the other file's calls only. */
Test(mocks_traps, function_its_own_file_calls_too_is_refused)
{
    struct ts_result result =
        ts_run("cd %s && gcc -g -c " MOCK_SRC "/trap_values.c && printf 'int trap_values_home(int);"
               " int other(void) { return trap_values_home(2); }' > other.c && gcc -g -c other.c"
               " && assay-wrapgen -o w --function trap_values_home trap_values.o other.o",
               ts_temp_dir());

    cr_assert_eq(result.status, 3);
    cr_assert_not_null(strstr(ts_err(&result), "trap_values_home: trap_values.o, which defines it, "
                                               "calls it as well"),
                       "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_traps, name_that_two_files_define_is_refused)
{
    struct ts_result result =
        ts_run("cd %s && printf 'static int twin(int a) { return a; } int NAME(void) { return "
               "twin(1); }' > t.c && gcc -g -fpatchable-function-entry=16 -DNAME=one -c t.c -o a.o"
               " && gcc -g -fpatchable-function-entry=16 -DNAME=two -c t.c -o b.o"
               " && assay-wrapgen -o w --function twin a.o b.o",
               ts_temp_dir());

    cr_assert_eq(result.status, 3);
    cr_assert_not_null(strstr(ts_err(&result), "twin: 2 objects define a function of this name"),
                       "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_traps, call_inside_its_file_is_refused_by_the_linker_seam)
{
    expect_refused("gcc -O0", "trap_inside", "--function trap_shown",
                   "trap_shown: defined in code.o, so its calls do not reach the linker");
}

Test(mocks_traps, static_function_is_refused_by_the_linker_seam)
{
    expect_refused("gcc -O0", "trap_inside", "--function hidden",
                   "hidden: static in code.o, so its calls do not reach the linker");
}

Test(mocks_traps, inlined_function_is_refused)
{
    expect_refused("gcc -O2", "sample_unseen", "--function hidden",
                   "hidden: none of the 1 objects calls it");
}

Test(mocks_traps, link_time_optimisation_is_refused)
{
    expect_refused("gcc -O2 -flto", "trap_calls", "--function read",
                   "code.o: built for link-time optimisation, where --wrap silently does nothing");
    expect_refused("clang -O2 -flto", "trap_calls", "--function read",
                   "code.o: built for link-time optimisation, where --wrap silently does nothing");
}

Test(mocks_traps, call_the_compiler_replaced_is_refused_by_name)
{
    expect_refused("gcc -O2", "sample_unseen", "--function printf",
                   "printf: the compiler made calls of puts of it: build the code under test with "
                   "-fno-builtin-printf");
}

Test(mocks_traps, name_nobody_calls_is_refused)
{
    expect_refused("gcc -O2", "trap_calls", "--function raed",
                   "raed: none of the 1 objects calls it");
    expect_refused("gcc -O2", "trap_calls", "--function connect",
                   "connect: none of the 1 objects calls it");
}

Test(mocks_traps, functions_that_return_twice_are_refused)
{
    expect_refused("gcc -O2", "trap_calls", "--function setjmp", "setjmp: cannot be wrapped");
    expect_refused("gcc -O2", "trap_calls", "--function vfork", "vfork: cannot be wrapped");
}

Test(mocks_traps, no_clock_to_fake_is_refused)
{
    expect_refused("gcc -O2", "trap_calls", "--function CLOCK",
                   "CLOCK: none of the 1 objects calls a function that tells or waits for time");
}

Test(mocks_traps, function_without_debug_information_is_refused)
{
    struct ts_result result =
        ts_run("cd %s && printf 'int own(int); int use(void) { return own(1); }' > a.c"
               " && gcc -c a.c && assay-wrapgen -o w --function own a.o",
               ts_temp_dir());

    cr_assert_eq(result.status, 2);
    cr_assert_not_null(strstr(ts_err(&result), "own: not in the catalogue, and no debug"), "%s",
                       ts_err(&result));
    ts_result_fini(&result);
}

/* libgcov is linked statically and wrapped as well: a failing open must not lose its data. */
Test(mocks_traps, coverage_survives_mocks_of_what_it_calls)
{
    struct ts_result result =
        ts_run("cd %s && gcc -g --coverage -c " MOCK_SRC "/trap_covered.c -o code.o"
               " && assay-wrapgen -o w --quiet --function open --function fcntl --function write"
               " code.o && gcc -D_GNU_SOURCE " MOCK_FLAGS " -Iw -I" ASSAY_SOURCE_DIR
               "/mocks/include w/wraps.c " MOCK_SRC "/trap_coverage.c code.o @w/wraps.rsp "
               "--coverage " ASSAY_BINARY_DIR "/mocks/libassay-mocks.a -o program"
               " && ./program && ls *.gcda && gcov -t code.gcda",
               ts_temp_dir());

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert_not_null(strstr(ts_out(&result), "1:   11:"), "%s", ts_out(&result));
    ts_result_fini(&result);
}

/* An object that mentions every name of the catalogue, as if it called them all. */
#define ALL_NAMES                                                                                  \
    "cd %s && cat " ASSAY_SOURCE_DIR "/mocks/catalogue/*.cat | awk '"                              \
    "/^fn /{sub(/^fn /, \"\"); name($0); main = last; next} "                                      \
    "/^ +alias /{name($0)} /^ +also /{for (i = 2; i <= NF; i++) all[$i]} "                         \
    "/^ +refuse /{delete functions[main]} "                                                        \
    "function name(text) {sub(/\\(.*/, \"\", text); sub(/.*[ *]/, \"\", text); last = text; "      \
    "all[text]; if ($1 != \"alias\") functions[text]} "                                            \
    "END {print \".data\" > \"all.s\"; for (n in all) print \".quad \" n > \"all.s\"; "            \
    "for (n in functions) print \"--function\\n\" n}' > args && as all.s -o all.o"

Test(mocks_traps, the_whole_catalogue_makes_wrappers_that_compile, .timeout = 120)
{
    static const char *const compilers[] = {"gcc -std=gnu17", "clang -std=gnu17"};

    for (unsigned i = 0; i < 2; i++) {
        struct ts_result result = ts_run(
            ALL_NAMES " && assay-wrapgen -o w @args all.o | wc -l && %s -Wall -Wextra "
                      "-Werror -D_GNU_SOURCE -c -Iw -I" ASSAY_SOURCE_DIR "/mocks/include w/wraps.c",
            ts_temp_dir(), compilers[i]);
        cr_expect_eq(result.status, 0, "%s: %s", compilers[i], ts_err(&result));
        cr_expect_geq(strtoul(ts_out(&result), NULL, 10), 250, "%s", ts_out(&result));
        ts_result_fini(&result);
    }
}
