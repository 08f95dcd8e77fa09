/*
 * assay top: plain tables, and the live view driven in a pseudo-terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/buf.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"
#include "tests/support/command.h"

TestSuite(top, .timeout = 60);

enum { WAIT_S = 20 };

Test(top, prints_plain_tables_where_there_is_no_terminal)
{
    struct pf_child busy = ts_start("exec %s 1000000000", WORKLOAD);
    struct ts_result result = ts_run("assay top -F 250 -n 2 -d 1 -p %d", (int)busy.pid);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    const char *first = strstr(ts_out(&result), "assay top: ");
    cr_assert_not_null(first);
    cr_expect_not_null(strstr(first + 1, "assay top: "), "two tables");
    cr_expect_not_null(strstr(ts_out(&result), "four_parts  [engines_workload]"), "%s",
                       ts_out(&result));
    cr_expect_null(strstr(ts_out(&result), "\033"));
    ts_result_fini(&result);
    ts_stop(&busy);
}

Test(top, wrong_requests_are_named)
{
    struct ts_result none = ts_run("assay top");
    struct ts_result gone = ts_run("assay top -p 4194303");

    cr_expect_eq(none.status, 2);
    cr_expect_eq(gone.status, 2);
    cr_expect_not_null(strstr(ts_err(&gone), "4194303"));
    ts_result_fini(&none);
    ts_result_fini(&gone);
}

/* assay in a terminal of its own, and all it has written there. */
struct session {
    pid_t pid;
    int fd;
    struct pf_buf seen;
};

static struct session open_session(pid_t target)
{
    struct session session = {0};
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    char pid[16];

    (void)snprintf(pid, sizeof pid, "%d", (int)target);
    session.pid = forkpty(&session.fd, NULL, NULL, &size);
    cr_assert_geq(session.pid, 0);
    if (session.pid == 0) {
        (void)execl(ASSAY_BINARY_DIR "/bin/assay", "assay", "top", "-F", "250", "-d", "0.3", "-p",
                    pid, (char *)NULL);
        _exit(127);
    }
    return session;
}

/* Read until text has been written after what was seen before; false after WAIT_S. */
static bool wait_for(struct session *session, const char *text)
{
    uint64_t end_ns = pf_clock_now_ns() + WAIT_S * 1000000000ull;
    size_t from = session->seen.size;

    while (pf_clock_now_ns() < end_ns) {
        struct pollfd output = {.fd = session->fd, .events = POLLIN};
        char chunk[4096];
        (void)poll(&output, 1, pf_clock_left_ms(end_ns));
        ssize_t got = read(session->fd, chunk, sizeof chunk);
        if (got <= 0)
            return false;
        pf_buf_put(&session->seen, chunk, (size_t)got);
        if (strstr(pf_buf_cstr(&session->seen) + from, text))
            return true;
    }
    return false;
}

static void press(const struct session *session, const char *key)
{
    cr_assert_eq(write(session->fd, key, strlen(key)), (ssize_t)strlen(key));
}

Test(top, live_view_sorts_pauses_resizes_and_quits)
{
    struct pf_child busy = ts_start("exec %s 1000000000", WORKLOAD);
    struct session session = open_session(busy.pid);
    struct winsize narrow = {.ws_row = 10, .ws_col = 30};
    int status = -1;

    cr_expect(wait_for(&session, "\033[?1049h"), "the alternate screen");
    cr_expect(wait_for(&session, "four_parts"));
    cr_expect(wait_for(&session, "sorted by self"));
    press(&session, "t");
    cr_expect(wait_for(&session, "sorted by total"));
    press(&session, "c");
    cr_expect(wait_for(&session, "since the beginning"));
    press(&session, "p");
    cr_expect(wait_for(&session, "PAUSED"));
    press(&session, "p");
    cr_assert_eq(ioctl(session.fd, TIOCSWINSZ, &narrow), 0);
    cr_expect(wait_for(&session, "sorted by total, since the beg\033[K"), "cut at 30 columns");
    press(&session, "q");
    cr_expect(wait_for(&session, "\033[?1049l"), "the screen is given back");
    cr_expect_eq(waitpid(session.pid, &status, 0), session.pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_expect_not(pf_child_wait(&busy, 0), "the server runs on");

    pf_buf_fini(&session.seen);
    (void)close(session.fd);
    ts_stop(&busy);
}

Test(top, ends_when_the_process_ends)
{
    struct pf_child brief = ts_start("exec %s 400", WORKLOAD);
    struct ts_result result = ts_run("assay top -d 0.2 -p %d", (int)brief.pid);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    cr_expect_not_null(strstr(ts_err(&result), "ended while it was recorded"), "%s",
                       ts_err(&result));
    ts_result_fini(&result);
    ts_stop(&brief);
}
