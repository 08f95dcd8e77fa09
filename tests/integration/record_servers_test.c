/*
 * Debian's own servers under load, recorded by pid: stripped, without frame pointers, not prepared.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>

#include "tests/integration/record_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

/*
 * Enough for 99 % to mean something: at 40 samples one unrooted stack would fail it. Rates and
 * seconds are such that even a tenth of a CPU gives that many.
 */
enum { SAMPLES_MIN = 40, LOAD_SECONDS = 30 };

static const double rooted_min_percent = 99;

/* Record a server of this kind for two seconds under load, all of it as this user. */
static struct ts_recording record_kind(enum ts_server_kind kind, bool as_user, const char *name)
{
    struct ts_server server = ts_server_start(kind, as_user);
    struct pf_child load = ts_load_start(&server, LOAD_SECONDS);

    struct ts_result result =
        ts_run("%s \"$ASSAY_BIN\" record -p %d -d 2 -F 499 -o %s/%s", as_user ? ts_as_user() : "",
               (int)server.pid, ts_temp_dir(), name);
    ts_stop(&load);
    ts_server_stop(&server);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    struct ts_recording recording = ts_recording_load(name);
    cr_expect_geq(recording.summary.samples, SAMPLES_MIN);
    cr_expect_geq(ts_rooted_percent(&recording), rooted_min_percent, "%s: %.2f %%, %s in %s", name,
                  ts_rooted_percent(&recording), recording.summary.unrooted[0].reason,
                  recording.summary.unrooted[0].object);
    return recording;
}

Test(record_servers, redis_is_rooted_and_named)
{
    struct ts_recording recording = record_kind(TS_REDIS, false, "redis.pb.gz");

    cr_expect_geq(ts_total_percent(&recording, "main"), rooted_min_percent);
    cr_expect_gt(ts_total_percent(&recording, "processCommand"), 0);
    cr_expect_str_eq(recording.summary.engine, "perf");
    cr_expect_gt(recording.summary.target_cpu_ns, 0u);
    cr_expect_gt(recording.summary.profiler_cpu_ns, 0u);
    ts_recording_fini(&recording);
}

Test(record_servers, redis_as_an_ordinary_user)
{
    struct ts_recording recording = record_kind(TS_REDIS, true, "redis-user.pb.gz");

    cr_expect_geq(ts_total_percent(&recording, "main"), rooted_min_percent);
    ts_recording_fini(&recording);
}

Test(record_servers, all_workers_of_a_running_nginx_are_seen)
{
    struct ts_recording recording = record_kind(TS_NGINX_4_WORKERS, false, "nginx.pb.gz");

    /* The load has 32 connections, so none of four workers can be without work. */
    cr_expect_geq(ts_label_numbers(&recording, "pid"), 4u);
    cr_expect_geq(recording.summary.process_count, 4u);
    ts_recording_fini(&recording);
}

Test(record_servers, nginx_as_an_ordinary_user)
{
    struct ts_recording recording = record_kind(TS_NGINX_4_WORKERS, true, "nginx-user.pb.gz");

    cr_expect_geq(ts_label_numbers(&recording, "pid"), 4u);
    ts_recording_fini(&recording);
}

Test(record_servers, backends_postgres_forks_are_seen)
{
    struct ts_recording recording = record_kind(TS_POSTGRES, true, "postgres.pb.gz");

    cr_expect_geq(recording.summary.process_count, 2u);
    ts_recording_fini(&recording);
}
