/*
 * The leaky server under requests: caught at its line, clean when clean; and the command's manners.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "tests/integration/leaks_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

enum { REQUESTS = 5 };

/* The line of the fixture's source that carries this mark. */
static unsigned line_marked(const char *mark)
{
    struct pf_file file = {0};
    struct pf_err err = {0};
    struct pf_bytes line;
    unsigned number = 0;

    cr_assert(pf_file_open(&file, ASSAY_SOURCE_DIR "/fixtures/leaky/leaky_faults.c", &err), "%s",
              err.text);
    struct pf_cursor cursor = pf_cursor_view(pf_file_view(&file));
    while (pf_cursor_line(&cursor, &line)) {
        number++;
        if (memmem(line.at, line.size, mark, strlen(mark)))
            break;
    }
    pf_file_close(&file);
    return number;
}

/* A server with this fault answers some requests and ends as asked: the report. */
static struct leaks_found served(const char *fault, const char *prefix, const char *options)
{
    const char *dir = ts_temp_dir();
    int port = ts_free_port();
    json_error_t why;
    char path[256];

    (void)snprintf(path, sizeof path, "%s/leaks.json", dir);
    struct pf_child child = ts_start("%s assay leaks --quiet %s -o %s -- $FIXTURES/leaky port=%d "
                                     "bug=%s >/dev/null",
                                     prefix, options, path, port, fault);
    struct ts_result result = ts_run("curl -s --retry 50 --retry-connrefused --retry-delay 1 "
                                     "--retry-max-time 20 http://127.0.0.1:%d/[1-%d] "
                                     "http://127.0.0.1:%d/quit",
                                     port, REQUESTS, port);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + 20000000000ull), "it did not end");

    struct leaks_found found = {.status = pf_child_exit_status(&child),
                                .report = json_load_file(path, 0, &why)};
    ts_stop(&child);
    cr_assert_not_null(found.report, "%s", why.text);
    return found;
}

Test(leaks_server, a_clean_server_passes)
{
    struct leaks_found found = served("none", "", "--fail-on definite,indirect,possible");

    cr_assert_eq(found.status, 0);
    cr_assert_eq(json_array_size(json_object_get(found.report, "leaks")), 0);
    leaks_found_fini(&found);
}

static void expect_line(const struct leaks_found *found, const char *function, const char *mark)
{
    json_t *frame = leaks_frame(found, function);

    cr_assert_not_null(frame, "%s is not in the stack", function);
    cr_expect_eq(json_integer_value(json_object_get(frame, "line")), line_marked(mark));
    cr_expect(strstr(json_string_value(json_object_get(frame, "file")), "leaky_faults.c"));
}

Test(leaks_server, a_definite_leak_is_named_by_function_file_and_line)
{
    struct leaks_found found = served("definite", "", "");

    cr_assert_eq(found.status, 1);
    cr_assert_eq(leaks_blocks(&found, "definite"), REQUESTS, "the last session is freed");
    expect_line(&found, "session_new", "LEAK definite");
    leaks_found_fini(&found);
}

Test(leaks_server, an_ordinary_user_gets_the_same)
{
    struct leaks_found found = served("definite", ts_as_user(), "");

    cr_assert_eq(found.status, 1);
    expect_line(&found, "session_new", "LEAK definite");
    leaks_found_fini(&found);
}

Test(leaks_server, what_hangs_on_a_lost_block_is_counted_to_it)
{
    struct leaks_found found = served("indirect", "", "");
    json_t *first = json_array_get(json_object_get(found.report, "leaks"), 0);

    cr_assert_eq(leaks_blocks(&found, "indirect"), 2 * REQUESTS);
    cr_assert_eq(json_integer_value(json_object_get(first, "indirect_blocks")), 2 * REQUESTS);
    expect_line(&found, "session_new", "LEAK definite");
    leaks_found_fini(&found);
}

Test(leaks_server, a_block_known_by_its_middle_is_possibly_lost)
{
    struct leaks_found found = served("possible", "", "");

    cr_assert_eq(found.status, 0);
    cr_assert_eq(leaks_blocks(&found, "possible"), 1);
    expect_line(&found, "receive_upload", "LEAK possible");
    leaks_found_fini(&found);
}

Test(leaks_server, a_growing_cache_is_reachable)
{
    struct leaks_found found = served("growing", "", "--show-kinds reachable");

    cr_assert_eq(found.status, 0);
    cr_assert_geq(leaks_blocks(&found, "reachable"), REQUESTS + 1);
    leaks_found_fini(&found);
}

Test(leaks_server, a_suppressed_leak_is_marked_and_does_not_fail)
{
    const char *dir = ts_temp_dir();
    struct pf_err err = {0};
    char options[512];
    char path[256];
    static const char list[] = "leak:^session_new$\n";

    (void)snprintf(path, sizeof path, "%s/known", dir);
    cr_assert(pf_file_write(path, (struct pf_bytes){list, sizeof list - 1}, &err));
    (void)snprintf(options, sizeof options, "--suppressions %s --show-kinds all", path);
    struct leaks_found found = served("indirect", "", options);
    json_t *first = json_array_get(json_object_get(found.report, "leaks"), 0);

    cr_assert_eq(found.status, 0);
    cr_assert(json_is_true(json_object_get(first, "suppressed")));
    cr_assert_eq(leaks_blocks(&found, "indirect"), 0, "what hangs on it is silent, too");
    leaks_found_fini(&found);
}

Test(leaks_server, a_killed_server_is_judged_and_its_status_told)
{
    int port = ts_free_port();
    char path[256];

    (void)snprintf(path, sizeof path, "%s/out", ts_temp_dir());
    struct pf_child child = ts_start("assay leaks -o %s -- sh -c 'echo $$ >%s.pid; exec "
                                     "$FIXTURES/leaky port=%d bug=definite' 2>%s.err",
                                     path, path, port, path);
    struct ts_result result =
        ts_run("curl -s --retry 50 --retry-connrefused --retry-delay 1 "
               "http://127.0.0.1:%d/[1-4] >/dev/null && kill -9 $(cat %s.pid)",
               port, path);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + 20000000000ull));

    cr_assert_eq(pf_child_exit_status(&child), 1);
    ts_stop(&child);
    result = ts_run("cat %s %s.err", path, path);
    cr_assert(strstr(ts_out(&result), "in 3 blocks"), "%s", ts_out(&result));
    cr_assert(strstr(ts_out(&result), "ended with status 137"), "%s", ts_out(&result));
    ts_result_fini(&result);
}

struct refusal {
    const char *command;
    int status;
    const char *said;
};

Test(leaks_server, refuses_what_it_cannot_do_in_one_clear_line)
{
    static const struct refusal cases[] = {
        {"assay leaks", 2, "assay leaks -- ./server"},
        {"assay leaks -p 1", 3, "not available yet"},
        {"assay leaks --fail-on all,wrong -- true", 2, "not 'all,wrong'"},
        {"assay leaks --format xml -- true", 2, "xml"},
        {"assay leaks --suppressions /nonexistent -- true", 2, "/nonexistent"},
        {"assay leaks -- /nonexistent", 2, "/nonexistent"},
        {"assay leaks -- /tmp", 3, "/tmp"},
        {"assay leaks -o /nonexistent/x -- touch ran", 3,
         "nothing was run, for -o: /nonexistent/x"},
        {"assay leaks -o x.txt -o /nonexistent/x -- touch ran", 3, "/nonexistent/x"},
        {"assay leaks -o /tmp -- touch ran", 3, "Is a directory"},
        {"assay leaks -o x.html -- touch ran", 2, "x.html: the extension names no format"},
        {"assay leaks -o x.sarif -- touch ran", 2, "--format"},
        {"assay leaks -o x.json -o a.b/x.xml -- touch ran", 2, "a.b/x.xml"},
        {"ASSAY_AGENT=/nonexistent assay leaks -- true", 2, "ASSAY_AGENT"},
        {"ulimit -v 1000000; assay leaks -- true", 3, "ulimit -v"},
    };
    const char *dir = ts_temp_dir();

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_result result = ts_run("cd %s && %s", dir, cases[i].command);
        cr_expect_eq(result.status, cases[i].status, "%s: %d: %s", cases[i].command, result.status,
                     ts_err(&result));
        cr_expect(strstr(ts_err(&result), cases[i].said), "%s: %s", cases[i].command,
                  ts_err(&result));
        ts_result_fini(&result);
    }
    struct ts_result left = ts_run("ls %s", dir);
    cr_expect_str_eq(ts_out(&left), "", "no command ran, no report was begun");
    ts_result_fini(&left);
}

Test(leaks_server, a_format_that_is_given_goes_to_any_name)
{
    struct ts_result result =
        ts_run("cd %s && assay leaks --format json -o report.v1 -o b.d/c -- true; "
               "mkdir b.d && assay leaks --quiet --format json -o report.v1 -o b.d/c -- true && "
               "cat report.v1",
               ts_temp_dir());

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    cr_expect(strstr(ts_out(&result), "{\"assay\":1,"), "%s", ts_out(&result));
    ts_result_fini(&result);
}
