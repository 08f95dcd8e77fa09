/* SPDX-License-Identifier: MIT */
#include "harness/runner/sanitizer_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64];

static void make_report(void)
{
    char path[128];

    (void)snprintf(dir, sizeof dir, "/tmp/sanitizer-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/log.42", dir);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fputs("the report", file);
    (void)fclose(file);
}

static void remove_report(void)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/log.42", dir);
    (void)unlink(path);
    (void)rmdir(dir);
}

TestSuite(sanitizer_file, .init = make_report, .fini = remove_report);

static void expect(const char *fmt, pid_t pid, const char *cwd, const char *expected)
{
    struct pf_arena arena = {0};
    char options[256];

    (void)snprintf(options, sizeof options, fmt, dir);
    cr_assert_eq(setenv("ASAN_OPTIONS", options, 1), 0);
    const char *text = hn_sanitizer_file(pid, cwd, &arena);
    if (expected)
        cr_expect_str_eq(text ? text : "(none)", expected, "%s", options);
    else
        cr_expect_null(text, "%s", options);
    pf_arena_fini(&arena);
}

Test(sanitizer_file, is_found_where_the_options_say)
{
    expect("log_path=%s/log", 42, NULL, "the report");
    expect("verbosity=0:log_path=%s/log:halt_on_error=1", 42, NULL, "the report");
    expect("log_path='%s/log' handle_segv=0", 42, "/", "the report");
    expect("log_path=\"%s/log\"", 42, NULL, "the report");
    expect("log_path=log", 42, dir, "the report");
}

Test(sanitizer_file, is_none_of_another_process_or_of_no_option)
{
    expect("log_path=%s/log", 43, NULL, NULL);
    expect("log_path=", 42, NULL, NULL);
    expect("verbosity=1", 42, NULL, NULL);
}
