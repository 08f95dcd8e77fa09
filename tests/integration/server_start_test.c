/*
 * Starting servers: every kind of port, every way of not becoming ready.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/test.h>
#include <string.h>

#include <assay/short.h>

#include "tests/integration/server_support.h"

#define A_SERVER(name_, mode_, ...)                                                                \
    SERVER(name_, .argv = {NAUGHTY_BINARY, mode_}, .stop_ms = 300, __VA_ARGS__)

A_SERVER(by_fd, "ok", .port = PORT_FD, .ready = ready_http("/"));
A_SERVER(by_zero, "ok", .port = PORT_ZERO);
A_SERVER(by_fixed, "ok", .port = PORT_FIXED);
A_SERVER(no_reuse, "no-reuse", .port = PORT_FIXED);
A_SERVER(quitter, "exit-at-start", .port = PORT_ZERO);
A_SERVER(quitter_fd, "exit-at-start", .port = PORT_FD, .ready = ready_http("/"));
A_SERVER(crasher, "crash-at-start", .port = PORT_FD, .ready = ready_http("/"));
A_SERVER(never, "never-ready", .port = PORT_ZERO, .start_ms = 200);
A_SERVER(wrong, "wrong-port", .port = PORT_FIXED, .start_ms = 200);
A_SERVER(busy, "busy", .port = PORT_ZERO, .ready = ready_http("/health"), .start_ms = 200);
A_SERVER(mute, "mute", .port = PORT_FD, .ready = ready_http("/health"), .start_ms = 200);
A_SERVER(daemonised, "daemon", .port = PORT_ZERO, .ready = ready_http("/"));
A_SERVER(closed, "close-fds", .port = PORT_ZERO, .ready = ready_http("/"));
A_SERVER(flooding, "flood", .port = PORT_ZERO, .ready = ready_http("/"), .start_ms = 60000);
SERVER(missing, .argv = {"/no/such/server"});
SERVER(empty, .argv = {NULL});
SERVER(typo, .argv = {NAUGHTY_BINARY, "ok", "{prot}"});
SERVER(files, .argv = {"sh", "-c", "cat {tmp}/conf; pwd; echo $TMPDIR; exec sleep 100"},
       .files = {{"conf", "listen {port}; { braces stay }\n"}}, .port = PORT_FD);
SERVER(badfile, .argv = {"true"}, .files = {{"../conf", "x"}});

static const char *problem_of(assay_server *server)
{
    cr_assert_not(assay_server_try_start(server), "it must not start");
    return assay_server_problem(server);
}

#define cr_assert_has(text_, part_)                                                                \
    cr_assert(strstr(text_, part_), "\"%s\" is missing in:\n%s", part_, text_)

Test(server_start, every_kind_of_port_answers)
{
    http(by_fd, get("/"), expect(200), expect_body("hi\n"));
    http(by_zero, get("/"), expect(200));
    http(by_fixed, get("/"), expect(200));
    cr_assert_neq(assay_server_port(by_fd), assay_server_port(by_zero));
}

Test(server_start, reservation_yields_to_a_server_without_reuseaddr)
{
    http(no_reuse, get("/"), expect(200));
    cr_assert_has(assay_server_log(no_reuse),
                  "in use"); /* the first try, refused by our own socket */
}

Test(server_start, early_end_is_told_at_once_with_status_and_log)
{
    const char *text = problem_of(quitter);

    cr_assert_has(text, "server quitter: exited with status 42 before it was ready");
    cr_assert_has(text, "no configuration, giving up");
    cr_assert_has(problem_of(quitter_fd), "exited with status 42");
    cr_assert_has(problem_of(crasher), "was ended by signal 6 (Aborted)");
}

Test(server_start, never_ready_is_told_after_the_deadline)
{
    cr_assert_has(problem_of(never), "not ready after 200 ms: nothing it started listens");
    cr_assert_has(problem_of(never), "(it printed nothing)");
}

Test(server_start, wrong_port_is_told_with_both_numbers)
{
    const char *text = problem_of(wrong);

    cr_assert_has(text, "it listens on port ");
    cr_assert_has(text, "not on {port} = ");
}

Test(server_start, unhealthy_is_told_with_its_answer)
{
    cr_assert_has(problem_of(busy), "GET /health answers 503");
    cr_assert_has(problem_of(mute), "GET /health does not answer");
}

Test(server_start, missing_program_is_named)
{
    cr_assert_has(problem_of(missing), "/no/such/server: cannot be started");
    cr_assert_has(problem_of(missing), "No such file");
}

Test(server_start, wrong_specifications_are_refused)
{
    cr_assert_has(problem_of(empty), "no command to run");
    cr_assert_has(problem_of(typo), "{prot}: no such placeholder");
    cr_assert_has(problem_of(badfile), "must be a plain name");
}

Test(server_start, failure_leaves_nothing_and_can_be_repeated)
{
    (void)problem_of(never);
    cr_assert_eq(assay_server_stats(never).processes, 0);
    (void)problem_of(never);
}

Test(server_start, daemon_is_followed_to_the_process_that_listens)
{
    http(daemonised, get("/"), expect(200));
    pid_t pid = server_pid(daemonised);

    cr_assert(assay_server_is_alive(daemonised));
    cr_assert_eq(assay_server_stats(daemonised).processes, 1);
    (void)server_stop(daemonised);
    cr_assert_neq(kill(pid, 0), 0);
}

Test(server_start, server_that_closes_its_descriptors_still_works)
{
    http(closed, get("/"), expect(200));
    cr_assert_str_eq(server_log(closed), "");
    cr_assert_eq(server_stop(closed), 128 + SIGTERM);
}

Test(server_start, hundred_megabytes_of_log_keep_their_end)
{
    http(flooding, get("/"), expect(200));
    cr_assert(assay_server_log_has(flooding, 0, "flood over\n", 5000));
    cr_assert(strlen(server_log(flooding)) <= (4 << 20) + 100);
    cr_assert_eq(strncmp(server_log(flooding), "[... ", 5), 0);
}

Test(server_start, files_and_directory_are_its_own)
{
    server_start(files);
    cr_assert(assay_server_log_has(files, 0, "{ braces stay }", 5000));
    cr_assert(assay_server_log_has(files, 0, "/assay-server-", 5000));
}

Test(server_start, restarts_never_collide)
{
    /* A fixed port chosen by bind and close collides now and then; handed over, never. */
    for (int i = 0; i < 20; i++) {
        server_restart(by_fd);
        server_restart(by_zero);
        http(by_fd, get("/"), expect(200));
        http(by_zero, get("/"), expect(200));
    }
}

Test(server_start, death_ends_an_exchange_at_once_with_the_reason)
{
    server_start(by_fd);
    assay_response *r = http(by_fd, get("/crash"), expect_no_answer(NULL));

    cr_assert_lt(r->seconds, 5.0);
    cr_assert(assay_server_wait_exit(by_fd, 5000));
    cr_assert_str_eq(assay_server_state(by_fd), "was ended by signal 11 (Segmentation fault)");
    http(by_fd, get("/"), expect_no_answer("signal 11"));
}

Test(server_start, stats_count_the_whole_tree)
{
    server_start(by_zero);
    struct assay_server_stats stats = server_stats(by_zero);

    cr_assert_eq(stats.processes, 1);
    cr_assert_eq(stats.threads, 1);
    cr_assert_eq(stats.fds, 4); /* 0, 1, 2 and the listener */
    cr_assert_gt(stats.rss_bytes, 100000);
}

Test(server_start, signals_reach_the_server)
{
    server_start(by_zero);
    cr_assert(server_signal(by_zero, SIGUSR1));
    cr_assert(assay_server_wait_exit(by_zero, 5000));
    cr_assert_not(server_signal(by_zero, SIGUSR1));
    cr_assert_has(assay_server_problem(by_zero), "signal 10");
}
