/*
 * The runner's own life: terminals, Ctrl-C, watching, coverage, CTest, and hostile surroundings.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "tests/integration/runner_support.h"

enum { TERMINAL_SECONDS = 20 };

/* A command on a terminal, and all it has written. */
struct terminal {
    struct pf_child child;
    struct pf_buf seen;
    int fd;
};

static struct terminal open_terminal(const char *line)
{
    struct terminal terminal = {0};
    char path[4096];
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    struct pf_err err = {0};
    int slave;

    cr_assert_eq(openpty(&terminal.fd, &slave, NULL, NULL, &size), 0);
    (void)fcntl(terminal.fd, F_SETFD, FD_CLOEXEC);
    (void)snprintf(path, sizeof path, "PATH=" ASSAY_BINARY_DIR "/bin:%s", getenv("PATH"));
    struct pf_spawn spawn = {.argv = argv,
                             .dir = ts_suites_dir(),
                             .stdin_fd = slave,
                             .stdout_fd = slave,
                             .stderr_fd = slave,
                             .env = {path, "BXFI_MAP", "TERM=xterm"}};
    cr_assert(pf_child_start(&terminal.child, &spawn, &err), "%s", err.text);
    close(slave);
    return terminal;
}

/* Read until text has been written, from an offset of all seen; false after the deadline. */
static bool wait_for(struct terminal *terminal, const char *text, size_t from)
{
    uint64_t deadline = pf_clock_now_ns() + TERMINAL_SECONDS * 1000000000ull;

    for (;;) {
        struct pollfd ready = {terminal->fd, POLLIN, 0};
        char step[4096];
        if (strstr(pf_buf_cstr(&terminal->seen) + from, text))
            return true;
        if (poll(&ready, 1, pf_clock_left_ms(deadline)) <= 0)
            return false;
        ssize_t got = read(terminal->fd, step, sizeof step);
        if (got <= 0)
            return strstr(pf_buf_cstr(&terminal->seen) + from, text) != NULL;
        pf_buf_put(&terminal->seen, step, (size_t)got);
    }
}

static void close_terminal(struct terminal *terminal)
{
    pf_child_stop(&terminal->child, 2000);
    close(terminal->fd);
    pf_buf_fini(&terminal->seen);
}

Test(test_life, a_terminal_shows_progress_and_what_turns_red)
{
    struct terminal terminal = open_terminal("assay test --history none sample_documented");

    cr_expect(wait_for(&terminal, "[", 0));
    cr_expect(wait_for(&terminal, "slowest: ", 0), "%s", pf_buf_cstr(&terminal.seen));
    cr_expect(wait_for(&terminal, "crash\033[0m  sample_documented/signals/crash", 0));
    cr_expect(wait_for(&terminal, "\033[32mpass\033[0m", 0));
    close_terminal(&terminal);
}

/* A retry is not another test: the count never passes the number of tests. */
Test(test_life, progress_counts_a_test_once_however_often_it_runs)
{
    struct ts_result retried = ts_run("cd %s && assay test --history none --progress always "
                                      "--retries 2 sample_flaky --exact flaky/never_passes",
                                      ts_suites_dir());
    struct ts_result repeated = ts_run("cd %s && assay test --history none --progress always "
                                       "--repeat 3 sample_verdicts --exact verdicts/fail",
                                       ts_suites_dir());

    cr_expect(strstr(ts_err(&retried), "[1/1] 1 red"), "%s", ts_err(&retried));
    cr_expect_not(strstr(ts_err(&retried), "[2/1]"));
    cr_expect_not(strstr(ts_err(&retried), "2 red"));
    cr_expect_not(strstr(ts_err(&repeated), "[2/1]"), "%s", ts_err(&repeated));
    cr_expect(strstr(ts_err(&repeated), "[1/1] 3 red"));
}

Test(test_life, without_a_terminal_there_is_no_progress_and_no_colour)
{
    struct ts_result run =
        ts_run("cd %s && assay test --history none sample_documented", ts_suites_dir());

    cr_expect_null(strchr(ts_out(&run), '\033'));
    cr_expect_null(strchr(ts_err(&run), '\033'));
    cr_expect_null(strstr(ts_err(&run), "slowest"));
}

Test(test_life, watch_runs_again_when_a_binary_is_new_and_quits)
{
    char line[512];
    const char *dir = ts_temp_dir();
    (void)snprintf(line, sizeof line,
                   "cp sample_own_main %s/watched && cd %s && "
                   "assay test --history none --watch --build '' ./watched",
                   dir, dir);
    struct terminal terminal = open_terminal(line);

    cr_assert(wait_for(&terminal, "watching ", 0), "%s", pf_buf_cstr(&terminal.seen));
    size_t after_first = terminal.seen.size;
    struct ts_result copied = ts_run("cp %s/sample_own_main %s/watched", ts_suites_dir(), dir);
    cr_expect_eq(copied.status, 0);
    cr_expect(wait_for(&terminal, "1 ", after_first), "%s", pf_buf_cstr(&terminal.seen));
    cr_expect(wait_for(&terminal, "watching ", after_first));
    cr_expect_eq(write(terminal.fd, "q", 1), 1);
    cr_expect(pf_child_wait(&terminal.child, pf_clock_now_ns() + TERMINAL_SECONDS * 1000000000ull));
    close_terminal(&terminal);
}

Test(test_life, watch_builds_before_each_round_and_says_when_it_fails)
{
    char line[512];
    const char *dir = ts_temp_dir();
    (void)snprintf(line, sizeof line,
                   "cp sample_own_main %s/watched && cd %s && "
                   "assay test --history none --watch --build 'test ! -e broken.c' ./watched",
                   dir, dir);
    struct terminal terminal = open_terminal(line);

    cr_assert(wait_for(&terminal, "watching ", 0), "%s", pf_buf_cstr(&terminal.seen));
    struct ts_result broken = ts_run("echo x > %s/broken.c", dir);
    cr_expect_eq(broken.status, 0);
    cr_expect(wait_for(&terminal, "the build ended with status 1", 0));
    close_terminal(&terminal);
}

Test(test_life, watch_sees_sources_in_directories_made_later)
{
    char line[512];
    const char *dir = ts_temp_dir();
    (void)snprintf(line, sizeof line,
                   "cp sample_own_main %s/watched && cd %s && assay test --history none --watch "
                   "--build 'test ! -e later/deep/broken.c' ./watched",
                   dir, dir);
    struct terminal terminal = open_terminal(line);

    cr_assert(wait_for(&terminal, "watching 1 directory", 0), "%s", pf_buf_cstr(&terminal.seen));
    struct ts_result made = ts_run("mkdir %s/later && mkdir %s/later/deep", dir, dir);
    cr_expect_eq(made.status, 0);
    struct ts_result broken = ts_run("echo x > %s/later/deep/broken.c", dir);
    cr_expect_eq(broken.status, 0);
    cr_expect(wait_for(&terminal, "the build ended with status 1", 0));
    close_terminal(&terminal);
}

Test(test_life, ctrl_c_kills_everything_and_reports_what_ran)
{
    const char *dir = ts_temp_dir();
    struct ts_result run = ts_run(
        "cd %s && { assay test --history none -j1 --junit %s/tests.xml --json-out %s/events "
        "sample_own_main sample_traps -k own_main -k timeout_kills_children & pid=$!; "
        "until grep -q 'test_start.*timeout_kills_children' %s/events 2>/dev/null; do :; done; "
        "kill -INT $pid; wait $pid; }",
        ts_suites_dir(), dir, dir, dir);

    cr_expect_eq(run.status, 3, "%d: %s", run.status, ts_err(&run));
    cr_expect(strstr(ts_out(&run), "1 pass"));
    cr_expect(strstr(ts_out(&run), "1 not_run"));
    cr_expect_not(ts_is_running("sleep 3853"));
    struct ts_result report = ts_run("xmllint --noout %s/tests.xml", dir);
    cr_expect_eq(report.status, 0);
}

static bool becomes(bool wanted, const char *command)
{
    uint64_t deadline = pf_clock_now_ns() + TERMINAL_SECONDS * 1000000000ull;

    while (ts_is_running(command) != wanted)
        if (poll(NULL, 0, 10) < 0 || pf_clock_now_ns() > deadline)
            return false;
    return true;
}

/* A runner that is killed itself can do nothing any more; the processes it left do. */
Test(test_life, a_killed_runner_leaves_neither_process_nor_directory)
{
    const char *dir = ts_temp_dir();
    struct pf_child runner = ts_start(
        "cd %s && TMPDIR=%s exec assay test --history none sample_orphans", ts_suites_dir(), dir);

    cr_assert(becomes(true, "sleep 3863"));
    cr_assert_eq(kill(runner.pid, SIGKILL), 0);

    cr_expect(becomes(false, "sleep 3863"));
    cr_expect(becomes(false, "/sample_orphans"));
    struct ts_result left = ts_run("ls -A %s", dir);
    cr_expect_str_eq(ts_out(&left), "");
    ts_stop(&runner);
}

Test(test_life, coverage_survives_crash_and_time_limit)
{
    const char *dir = ts_temp_dir();
    struct ts_result run =
        ts_run("cp $SRC/tests/integration/runner_suites/sample_covered.c %s && cd %s && "
               "gcc -g --coverage sample_covered.c -o covered -lcriterion && "
               "assay test --history none --coverage out covered; test -s out/coverage.html && "
               "grep -o '<line number=\"[0-9]*\" hits=\"0\"' out/coverage.xml | wc -l",
               dir, dir);

    /* Every line is covered but for the one nobody calls. */
    cr_expect(strstr(ts_out(&run), "\n1\n"), "%s%s", ts_out(&run), ts_err(&run));
}

Test(test_life, coverage_of_a_plain_build_is_refused_with_the_flag)
{
    struct ts_run_events run = ts_run_suites("sample_own_main --coverage /nonexistent");

    cr_expect_eq(run.result.status, 2);
    cr_expect(strstr(ts_err(&run.result), "--coverage"));
    ts_run_events_fini(&run);
}

Test(test_life, ctest_knows_every_test_and_the_runner_knows_ctest)
{
    const char *dir = ts_temp_dir();
    struct ts_result built = ts_run(
        "mkdir %s/p && cd %s/p && cp $SRC/tests/integration/runner_suites/sample_flaky.c . && "
        "printf '%%s\\n' 'cmake_minimum_required(VERSION 3.25)' 'project(p C)' 'enable_testing()' "
        "\"list(APPEND CMAKE_MODULE_PATH $SRC/cmake)\" 'include(AssayDiscoverTests)' "
        "'add_executable(flaky sample_flaky.c)' 'target_link_libraries(flaky criterion)' "
        "'assay_discover_tests(flaky PROPERTIES LABELS suite)' > CMakeLists.txt && "
        "cmake -G Ninja -B build . -DASSAY_COMMAND=$ASSAY_BIN && cmake --build build",
        dir, dir);
    cr_assert_eq(built.status, 0, "%s%s", ts_out(&built), ts_err(&built));

    struct ts_result ctest =
        ts_run("cd %s/p && ctest --test-dir build -L suite -R 'steady|never'", dir);
    struct ts_result found = ts_run("cd %s/p && assay test --history none --list", dir);

    cr_expect(strstr(ts_out(&ctest), "flaky/flaky/steady"), "%s", ts_out(&ctest));
    cr_expect(strstr(ts_out(&ctest), "50% tests passed, 1 tests failed out of 2"));
    cr_expect(strstr(ts_out(&found), "flaky/flaky/never_passes"), "%s", ts_err(&found));
    cr_expect_eq(found.status, 0);
}

/* A project of two suites, one with a skipped test that needs its environment. */
static void make_project(const char *dir)
{
    struct ts_result made = ts_run(
        "mkdir %s/p && cd %s/p && cp $SRC/tests/integration/runner_suites/sample_flaky.c . && "
        "printf '%%s\n' '#include <criterion/criterion.h>' '#include <stdlib.h>' "
        "'Test(some, skips) { cr_skip_test(\"not here\"); }' "
        "'Test(some, sees) { cr_assert_str_eq(getenv(\"SEEN\"), \"a b\"); "
        "cr_assert(getenv(\"MORE\")); }' > some.c && "
        "printf '%%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(p C)' 'enable_testing()' "
        "\"list(APPEND CMAKE_MODULE_PATH $SRC/cmake)\" 'include(AssayDiscoverTests)' "
        "'add_executable(flaky sample_flaky.c)' 'target_link_libraries(flaky criterion)' "
        "'assay_discover_tests(flaky)' 'add_executable(some some.c)' "
        "'target_link_libraries(some criterion)' "
        "'assay_discover_tests(some PROPERTIES ENVIRONMENT \"SEEN=a b;MORE=1\")' "
        "'add_test(NAME plain COMMAND some)' 'add_test(NAME other COMMAND cmake --version)' "
        "> CMakeLists.txt && cmake -G Ninja -B build . -DASSAY_COMMAND=$ASSAY_BIN",
        dir, dir);

    cr_assert_eq(made.status, 0, "%s%s", ts_out(&made), ts_err(&made));
}

Test(test_life, what_ctest_knows_and_cannot_run_is_red)
{
    const char *dir = ts_temp_dir();
    const char *run = "cd %s/p && %s assay test --history none -q -k steady";
    static const char *const spoils[] = {"rm build/some &&", "chmod -x build/some &&",
                                         "cp /bin/true build/some &&"};

    make_project(dir);
    struct ts_result before = ts_run(run, dir, "");
    cr_expect_eq(before.status, 1);
    cr_expect(strstr(ts_out(&before), "error  flaky: CTest knows this test"), "%s%s",
              ts_out(&before), ts_err(&before));
    cr_expect(strstr(ts_out(&before), "error  plain: CTest knows this test"));
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        struct ts_result built = ts_run("cd %s/p && rm -f build/some && cmake --build build", dir);
        struct ts_result spoilt = ts_run(run, dir, spoils[i]);
        cr_assert_eq(built.status, 0, "%s", ts_out(&built));
        cr_expect_eq(spoilt.status, 1, "%s", spoils[i]);
        cr_expect(strstr(ts_out(&spoilt), "/build/some: "), "%s%s", spoils[i], ts_out(&spoilt));
        cr_expect(strstr(ts_out(&spoilt), "1 pass in"));
    }
}

Test(test_life, ctest_and_the_runner_agree_on_skips_and_environments)
{
    const char *dir = ts_temp_dir();

    make_project(dir);
    struct ts_result built = ts_run("cmake --build %s/p/build", dir);
    struct ts_result ctest = ts_run("cd %s/p && ctest --test-dir build -R some/", dir);
    struct ts_result run = ts_run("cd %s/p && assay test --history none -k some/", dir);
    struct ts_result differ =
        ts_run("cd %s/p && sed -i s/MORE=1/MORE=2/ build/some_assay_tests.cmake && echo "
               "'set_tests_properties(some/some/sees PROPERTIES ENVIRONMENT A=1)' >> "
               "build/some_assay_tests.cmake && assay test --history none -k some/",
               dir);

    cr_assert_eq(built.status, 0, "%s", ts_out(&built));
    cr_expect_eq(ctest.status, 0, "%s", ts_out(&ctest));
    cr_expect(strstr(ts_out(&ctest), "some/some/skips (Skipped)"), "%s", ts_out(&ctest));
    cr_expect_eq(run.status, 0, "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "1 pass, 1 skip in"));
    cr_expect(strstr(ts_err(&differ), "/build/some: CTest gives its tests different environments"),
              "%s", ts_err(&differ));
}

/* Of a static library, and where the linker drops what nobody calls. */
Test(test_life, a_suite_that_lost_its_tests_is_red_and_does_not_build)
{
    const char *dir = ts_temp_dir();
    struct ts_result built =
        ts_run("cd %s && cp $SRC/tests/integration/runner_suites/sample_flaky.c f.c && "
               "printf '#include <criterion/criterion.h>\n' > n.c && "
               "cc -c f.c && ar rc libf.a f.o && cc n.c -o in_library -Wl,--no-as-needed -L. -lf "
               "-lcriterion && cc -ffunction-sections f.c -o collected -Wl,--gc-sections "
               "-Wl,--no-as-needed -lcriterion && cc f.c -o whole -lcriterion",
               dir);
    cr_assert_eq(built.status, 0, "%s", ts_err(&built));

    struct ts_result run =
        ts_run("cd %s && assay test --history none -k steady in_library collected whole", dir);
    struct ts_result allowed =
        ts_run("cd %s && assay test --history none -k steady in_library whole --allow-empty", dir);
    struct ts_result listed = ts_run(
        "cd %s && cmake -DASSAY=$ASSAY_BIN -DBINARY=%s/in_library -DNAME=n -DLIST=l -DOPTIONS= "
        "-DPROPERTIES= -P $SRC/cmake/AssayListTests.cmake",
        dir, dir);

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "in_library: holds no test"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "collected: holds no test"));
    cr_expect(strstr(ts_out(&run), "--whole-archive"));
    cr_expect_eq(allowed.status, 0, "%s", ts_out(&allowed));
    cr_expect_neq(listed.status, 0);
    cr_expect(strstr(ts_err(&listed), "holds no test"), "%s", ts_err(&listed));
}

Test(test_life, without_binary_and_ctest_the_remedy_is_named)
{
    struct ts_result run = ts_run("cd %s && assay test", ts_temp_dir());

    cr_expect_eq(run.status, 2);
    cr_expect(strstr(ts_err(&run), "--build-dir"));
}

Test(test_life, a_build_directory_that_is_none_is_named)
{
    struct ts_result missing = ts_run("assay test --build-dir /no/such/dir");
    struct ts_result empty = ts_run("cd %s && assay test --build-dir .", ts_temp_dir());

    cr_expect_eq(missing.status, 2);
    cr_expect(strstr(ts_err(&missing), "/no/such/dir/CTestTestfile.cmake: No such file"));
    cr_expect_eq(empty.status, 2);
    cr_expect(strstr(ts_err(&empty), "./CTestTestfile.cmake: No such file"));
}

/* Both directories are what Criterion's own runner dies without. */
Test(test_life, read_only_tmp_and_no_dev_shm_are_no_obstacle)
{
    struct ts_result able = ts_run("unshare -rm true");
    if (able.status != 0)
        cr_skip("no mount namespaces here");

    struct ts_result run = ts_run(
        "unshare -rm sh -c 'for d in /tmp /var/tmp /dev/shm; do mount --rbind $d $d && "
        "mount -o remount,bind,ro $d || exit 77; done; ! touch /tmp/x 2>/dev/null && cd %s && "
        "assay test --history none sample_own_main sample_documented -k pass -k own_main'",
        ts_suites_dir());
    cr_expect_eq(run.status, 0, "%s%s", ts_out(&run), ts_err(&run));
}

/* The disk with the sources and the reports; the binary is on another. */
Test(test_life, a_full_disk_is_told_and_never_green)
{
    const char *dir = ts_temp_dir();
    struct ts_result able = ts_run("unshare -rm true");
    if (able.status != 0)
        cr_skip("no mount namespaces here");

    struct ts_result run = ts_run(
        "cd %s && mkdir full && cat > run.sh <<'END'\n"
        "mount -t tmpfs -o size=128k none full || exit 77\n"
        "printf '#include <assay/runner.h>\\nTest(page, all) { cr_assert(1); "
        "if (getenv(\"SNAPSHOT\")) assay_snapshot(\"one\"); }\\n' > full/page.c\n"
        "cc -g --coverage -include stdlib.h -I $SRC/harness/include $PWD/full/page.c -o page "
        "-lcriterion || exit 77\n"
        "dd if=/dev/zero of=full/fill bs=4k\n"
        "env -u CI SNAPSHOT=1 assay test --history none -q page\n"
        "echo snapshot $? $(ls full/snapshots)\n"
        "for o in junit tap html json-out coverage; do assay test --history none -q page "
        "--$o full/out; echo $o $?; done\n"
        "assay test --history full/history page && echo history $?\n"
        "END\n"
        "unshare -rm sh run.sh",
        dir);

    cr_assert_neq(run.status, 77, "%s", ts_err(&run));
    cr_expect(strstr(ts_out(&run), "page.all.1.snap: write: No space left on device"), "%s",
              ts_out(&run));
    cr_expect(strstr(ts_out(&run), "snapshot 1\n"), "%s", ts_out(&run));
    for (size_t i = 0; i < 5; i++) {
        static const char *const told[] = {"junit 3\n", "tap 3\n", "html 3\n", "json-out 3\n",
                                           "coverage 3\n"};
        cr_expect(strstr(ts_out(&run), told[i]), "%s: %s", told[i], ts_out(&run));
    }
    cr_expect(strstr(ts_out(&run), "history 0\n"));
    cr_expect(strstr(ts_err(&run), "durations are not remembered: "), "%s", ts_err(&run));
}

/* Criterion allocates and clears a table of so many descriptors for every test. */
Test(test_life, a_huge_limit_of_descriptors_costs_nothing)
{
    const char *memory =
        "cd %s && ulimit -n %s && assay test --history none --json sample_own_main "
        "| grep -o '\"peak_kib\":[0-9]*' | cut -d: -f2";
    struct ts_result few = ts_run(memory, ts_suites_dir(), "256");
    struct ts_result many = ts_run(memory, ts_suites_dir(), "$(ulimit -Hn)");

    cr_expect_gt(atoi(ts_out(&few)), 0, "%s", ts_err(&few));
    cr_expect_lt(atoi(ts_out(&many)), atoi(ts_out(&few)) + 1024, "KiB: %s", ts_out(&many));
}

Test(test_life, an_ordinary_user_gets_the_same_verdicts)
{
    struct ts_result run = ts_run("cd %s && %s assay test --history none sample_verdicts",
                                  ts_suites_dir(), ts_as_user());

    cr_expect_eq(run.status, 1);
    cr_expect(strstr(ts_out(&run), "#0  verdicts_crash_impl"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "5 pass"), "%s", ts_out(&run));
    cr_expect(strstr(ts_out(&run), "3 left_over"));
}
