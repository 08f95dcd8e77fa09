/*
 * Mocks at run time, seen from outside: torture, a server's clock, threads, forks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/server_clock.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks_support.h"
#include "profiler/base/clock.h"
#include "tests/support/bench_server.h"

static unsigned long number_after(struct ts_result *result, const char *word)
{
    const char *at = strstr(ts_out(result), word);
    return at ? strtoul(at + strlen(word), NULL, 10) : 0;
}

static struct ts_result torture(unsigned nth)
{
    const char *dir = ts_temp_dir();
    return ts_run("rm -f %s/t; ASSAY_TORTURE=malloc,open ASSAY_TORTURE_OUT=%s/t "
                  "ASSAY_TORTURE_NTH=%u " MOCK_BIN "/mock_torture -j1 --encoding=C >&2; cat %s/t",
                  dir, dir, nth, dir);
}

Test(mocks_runtime, torture_counts_then_fails_each_call)
{
    struct ts_result count = torture(0);

    cr_assert_eq(number_after(&count, "calls "), 4, "%s", ts_out(&count));
    cr_assert_null(strstr(ts_out(&count), "failed"));
    for (unsigned nth = 1; nth <= 4; nth++) {
        struct ts_result one = torture(nth);
        char failed[32];
        (void)snprintf(failed, sizeof failed, "failed %u %s", nth, nth < 4 ? "malloc" : "open");
        cr_expect_not_null(strstr(ts_out(&one), failed), "%u: %s", nth, ts_out(&one));
        cr_expect_not_null(strstr(ts_out(&one), nth < 4 ? "ENOMEM db_open" : "ENOENT db_open"),
                           "%u: %s", nth, ts_out(&one));
        cr_expect_not_null(strstr(ts_err(&one), "Passing: 1"), "%u: %s", nth, ts_err(&one));
        ts_result_fini(&one);
    }
    ts_result_fini(&count);
}

static struct pf_child start_redis(const struct assay_server_clock *clock, int port)
{
    return ts_start("%s LD_PRELOAD=" ASSAY_BINARY_DIR "/lib/libassay-clock.so exec redis-server "
                    "--port %d --save '' --dir %s > /dev/null",
                    clock->env, port, ts_temp_dir());
}

static bool wait_until_it_waits(const struct assay_server_clock *clock)
{
    uint64_t deadline_ns = pf_clock_now_ns() + 20000000000U;

    while (assay_server_clock_waiting(clock) < 1 && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(5);
    return assay_server_clock_waiting(clock) >= 1;
}

static void expect_reply(int port, const char *command, const char *reply)
{
    struct ts_result result = ts_run("redis-cli -p %d %s", port, command);

    cr_expect_str_eq(ts_out(&result), reply, "%s: %s%s", command, ts_out(&result), ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_runtime, a_server_nobody_changed_lives_by_the_test_s_clock)
{
    struct assay_server_clock clock = {0};
    int port = ts_free_port();

    cr_assert(assay_server_clock_open(&clock, 1000, 1700000000000));
    struct pf_child redis = start_redis(&clock, port);
    cr_assert(wait_until_it_waits(&clock));
    expect_reply(port, "time | head -1", "1700000000\n");
    expect_reply(port, "set key value ex 60", "OK\n");
    cr_expect(assay_server_clock_advance_ms(&clock, 59000));
    expect_reply(port, "get key", "value\n");
    expect_reply(port, "ttl key", "1\n");
    cr_expect(assay_server_clock_advance_ms(&clock, 2000));
    expect_reply(port, "get key", "\n");
    expect_reply(port, "time | head -1", "1700000061\n");

    cr_expect_eq(assay_server_clock_now_ms(&clock), 62000);
    ts_stop(&redis);
    assay_server_clock_close(&clock);
}

#define LAST_WAY "timer_overrun "

/* "name ok 5000" a line, for every way there is. */
static void expect_ways(const char *text)
{
    unsigned count = 0;

    for (const char *line = text; *line; line = strchr(line, '\n') + 1, count++) {
        const char *result = strchr(line, ' ');
        cr_assert(result && strchr(line, '\n'), "%s", line);
        cr_expect_eq(strncmp(result, " ok 5000\n", 9), 0, "%.*s", (int)strcspn(line, "\n"), line);
    }
    cr_expect_geq(count, 40);
}

Test(mocks_runtime, every_way_to_wait_lives_by_the_clock_of_a_server)
{
    struct assay_server_clock clock = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + 30000000000U;
    char ways[512];

    cr_assert(assay_server_clock_open(&clock, 1000, 1700000000000));
    (void)snprintf(ways, sizeof ways, "%s/ways", ts_temp_dir());
    struct pf_child program = ts_start("%s LD_PRELOAD=" ASSAY_BINARY_DIR
                                       "/lib/libassay-clock.so exec " MOCK_BIN "/clock_ways > %s",
                                       clock.env, ways);
    cr_assert(wait_until_it_waits(&clock));
    struct ts_result result = {0};
    while (!strstr(ts_out(&result), LAST_WAY) && pf_clock_now_ns() < deadline_ns) {
        cr_assert(assay_server_clock_advance_ms(&clock, 20000), "thread %d is busy",
                  clock.busy_thread);
        ts_result_fini(&result);
        result = ts_run("cat %s", ways);
    }
    expect_ways(ts_out(&result));
    ts_result_fini(&result);
    ts_stop(&program);
    assay_server_clock_close(&clock);
}

Test(mocks_runtime, a_page_that_is_none_leaves_time_real)
{
    struct ts_result result = ts_run(
        "head -c 100 /dev/zero > %s/page; ASSAY_CLOCK_PAGE=%s/page LD_PRELOAD=" ASSAY_BINARY_DIR
        "/lib/libassay-clock.so sleep 0.01",
        ts_temp_dir(), ts_temp_dir());

    cr_assert_eq(result.status, 0);
    cr_assert_not_null(strstr(ts_err(&result), "not a clock page, time is real"), "%s",
                       ts_err(&result));
    ts_result_fini(&result);
}

Test(mocks_runtime, the_preloaded_clock_exports_only_what_it_fakes)
{
    struct ts_result result =
        ts_run("nm -D --defined-only " ASSAY_BINARY_DIR
               "/lib/libassay-clock.so | awk '{print $3}' | LC_ALL=C sort | tr '\\n' "
               "' '");

    cr_assert_str_eq(
        ts_out(&result),
        "__poll_chk __ppoll_chk __read_chk __recv_chk __recvfrom_chk accept accept4 alarm "
        "clock_gettime clock_nanosleep cnd_timedwait connect epoll_pwait epoll_pwait2 epoll_wait "
        "getitimer gettimeofday mq_timedreceive mq_timedsend mtx_timedlock nanosleep pause poll "
        "ppoll pselect pthread_clockjoin_np pthread_cond_broadcast pthread_cond_clockwait "
        "pthread_cond_signal pthread_cond_timedwait "
        "pthread_mutex_clocklock pthread_mutex_timedlock pthread_rwlock_clockrdlock "
        "pthread_rwlock_clockwrlock pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock "
        "pthread_timedjoin_np read readv recv recvfrom recvmsg select sem_clockwait sem_timedwait "
        "semtimedop send sendmsg sendto setitimer sigsuspend sigtimedwait sigwait sigwaitinfo "
        "sleep thrd_sleep time timer_create timer_delete timer_getoverrun timer_gettime "
        "timer_settime timerfd_create timerfd_gettime timerfd_settime timespec_get ualarm usleep "
        "write writev ",
        "%s", ts_out(&result));
    ts_result_fini(&result);
}

Test(mocks_runtime, threads_meet_rules_without_losing_a_call)
{
    struct ts_result result = ts_run(MOCK_BIN "/mock_threads -j1 --encoding=C");

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
}
