/*
 * Interrupted, hung up on, told twice, killed: with the engines that run another program, and with
 * leak checks. What is known is written, nothing runs on, no directory is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"
#include "tests/support/command.h"

TestSuite(break_engines, .timeout = 100);

static const uint64_t minute_ns = 60000000000;

/* One command under the verb: its own pid, and where everything of it lies. */
struct round {
    struct pf_child assay;
    pid_t server;
    char dir[128];
};

static pid_t read_pid(const char *dir)
{
    char path[160];
    char text[32] = "";

    (void)snprintf(path, sizeof path, "%s/pid", dir);
    FILE *file = fopen(path, "r");
    if (file) {
        (void)!fgets(text, sizeof text, file);
        (void)fclose(file);
    }
    return strchr(text, '\n') ? (pid_t)atoi(text) : 0;
}

/* It runs, has become what it is to become, and has been at work for a while. */
static bool is_at_work(pid_t pid)
{
    struct pf_proc_stat stat;
    struct timespec used;
    clockid_t clock;

    return pid > 0 && pf_proc_stat_read(&stat, pid, 0) && strcmp(stat.comm, "sh") != 0
           && clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0
           && used.tv_sec * 1000000000 + used.tv_nsec > 700000000;
}

/* verb: with its options; before: of the shell that becomes the command. */
static struct round begin(const char *verb, const char *before, const char *command)
{
    static unsigned serial;
    struct round round = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    (void)snprintf(round.dir, sizeof round.dir, "%s/round-%u", ts_temp_dir(), serial++);
    cr_assert_eq(mkdir(round.dir, 0777), 0);
    (void)chmod(round.dir, 0777);
    round.assay = ts_start("cd %s && mkdir tmp && chmod 777 tmp && TMPDIR=$PWD/tmp exec "
                           "\"$ASSAY_BIN\" %s -- sh -c 'echo $$ >pid; %s exec %s' 2>said",
                           round.dir, verb, before, command);
    while (!is_at_work(round.server = read_pid(round.dir))) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "%s does not run", command);
        cr_assert(!pf_child_wait(&round.assay, 0), "%s has ended", verb);
        pf_clock_sleep_ms(5);
    }
    return round;
}

static bool runs(pid_t pid)
{
    struct pf_proc_stat stat;

    return pf_proc_stat_read(&stat, pid, 0) && stat.state != 'Z' && stat.state != 'X';
}

/* Its end is asynchronous where nobody waits for it. */
static void expect_no_server(const struct round *round)
{
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    while (runs(round->server)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "process %d runs on", (int)round->server);
        pf_clock_sleep_ms(5);
    }
}

static void expect_nothing_left(const struct round *round)
{
    struct ts_result left =
        ts_run("ls %s/tmp | grep -v vgdb; ls %s | grep '[.]pb.gz[.]'", round->dir, round->dir);

    expect_no_server(round);
    cr_expect_str_empty(ts_out(&left), "left behind: %s", ts_out(&left));
    ts_result_fini(&left);
}

/* The status assay ended with. */
static int end(struct round *round)
{
    cr_assert(pf_child_wait(&round->assay, pf_clock_now_ns() + minute_ns), "assay does not end");
    return pf_child_exit_status(&round->assay);
}

static void expect_samples(const struct round *round, const char *words)
{
    struct ts_result report =
        ts_run("\"$ASSAY_BIN\" report --format folded %s/r.pb.gz", round->dir);
    struct ts_result said = ts_run("cat %s/said", round->dir);

    cr_expect_eq(report.status, 0, "%s%s", ts_err(&report), ts_out(&said));
    cr_expect_not_null(strstr(ts_out(&report), words), "%s%s", ts_out(&report), ts_out(&said));
    ts_result_fini(&said);
    ts_result_fini(&report);
}

static const char callgrind[] = "record --engine callgrind --mode instructions -o r.pb.gz";
static const char gperftools[] = "record --engine gperftools -F 250 -o r.pb.gz";
static const char leaks[] = "leaks --fail-on definite -o r.txt";

static const int asking[] = {SIGINT, SIGTERM, SIGHUP};

Test(break_engines, callgrind_asked_to_stop_writes_what_it_counted)
{
    for (unsigned i = 0; i < 3; i++) {
        struct round round = begin(callgrind, "", WORKLOAD " 1000000000");
        (void)kill(round.assay.pid, asking[i]);
        cr_expect_eq(end(&round), 0, "we ended it");
        expect_samples(&round, "four_parts");
        expect_nothing_left(&round);
        ts_stop(&round.assay);
    }
}

Test(break_engines, callgrind_told_twice_gives_a_deaf_command_up)
{
    struct round round = begin(callgrind, "trap \"\" TERM;", WORKLOAD " 1000000000");
    struct ts_result said;
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    /* Two requests of one kind may be seen as one: until it has ended. */
    while (!pf_child_wait(&round.assay, pf_clock_now_ns() + 300000000)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "it is not given up");
        (void)kill(round.assay.pid, SIGINT);
    }
    cr_expect_eq(pf_child_exit_status(&round.assay), 3);
    said = ts_run("cat %s/said", round.dir);
    cr_expect_not_null(strstr(ts_out(&said), "given up"), "%s", ts_out(&said));
    ts_result_fini(&said);
    expect_nothing_left(&round);
    ts_stop(&round.assay);
}

Test(break_engines, gperftools_asked_to_stop_writes_what_it_sampled)
{
    for (unsigned i = 0; i < 3; i++) {
        struct round round = begin(gperftools, "", WORKLOAD " 1000000000");
        (void)kill(round.assay.pid, asking[i]);
        cr_expect_eq(end(&round), 0);
        expect_samples(&round, "four_parts");
        expect_nothing_left(&round);
        ts_stop(&round.assay);
    }
}

Test(break_engines, a_killed_collector_takes_its_command_with_it)
{
    static const char *const verbs[] = {callgrind, gperftools, leaks};

    for (unsigned i = 0; i < 3; i++) {
        struct round round = begin(verbs[i], "", WORKLOAD " 1000000000");
        (void)kill(round.assay.pid, SIGKILL);
        cr_expect_eq(end(&round), 128 + SIGKILL);
        expect_no_server(&round);
        ts_stop(&round.assay);
    }
}

Test(break_engines, a_killed_command_is_told_and_nothing_left)
{
    static const char *const verbs[] = {callgrind, gperftools};

    for (unsigned i = 0; i < 2; i++) {
        struct round round = begin(verbs[i], "", WORKLOAD " 1000000000");
        (void)kill(round.server, SIGKILL);
        int status = end(&round);
        struct ts_result said = ts_run("cat %s/said", round.dir);

        /* Neither writes before the end of the program; what they did not write is not there. */
        cr_expect(status == 2 || status == 3 || status == 128 + SIGKILL, "%s: %d", verbs[i],
                  status);
        cr_expect_str_not_empty(ts_out(&said), "%s: %d", verbs[i], status);
        ts_result_fini(&said);
        expect_nothing_left(&round);
        ts_stop(&round.assay);
    }
}

static void expect_report(const struct round *round, const char *words)
{
    struct ts_result report = ts_run("cat %s/r.txt %s/said", round->dir, round->dir);

    cr_expect_not_null(strstr(ts_out(&report), words), "%s", ts_out(&report));
    ts_result_fini(&report);
}

Test(break_engines, leaks_asked_to_stop_passes_it_on_and_reports)
{
    static const char *const ended[] = {"status 130", "status 143", "status 129"};

    for (unsigned i = 0; i < 3; i++) {
        struct round round = begin(leaks, "", WORKLOAD " 1000000000");
        (void)kill(round.assay.pid, asking[i]);
        cr_expect_eq(end(&round), 0);
        expect_report(&round, ended[i]);
        expect_nothing_left(&round);
        ts_stop(&round.assay);
    }
}

Test(break_engines, leaks_told_again_kills_a_deaf_command_and_reports)
{
    struct round round = begin(leaks, "trap \"\" TERM INT;", WORKLOAD " 1000000000");
    uint64_t deadline_ns = pf_clock_now_ns() + minute_ns;

    while (!pf_child_wait(&round.assay, pf_clock_now_ns() + 100000000)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "it is not ended");
        (void)kill(round.assay.pid, SIGTERM);
    }
    cr_expect_eq(pf_child_exit_status(&round.assay), 0);
    expect_report(&round, "status 137");
    expect_nothing_left(&round);
    ts_stop(&round.assay);
}
