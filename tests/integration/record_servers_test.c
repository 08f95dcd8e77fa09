/*
 * Debian's own servers under load, recorded by pid: stripped, without frame pointers, not prepared.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "tests/integration/record_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

/*
 * Enough for 99 % to mean something; one unrooted stack among few is not held against it. Rates
 * and seconds are such that even a tenth of a CPU gives that many.
 */
enum { SAMPLES_MIN = 40, LOAD_SECONDS = 30 };

static const double rooted_min_percent = 99;

static struct ts_recording check_rooted(const char *name, double min_percent)
{
    struct ts_recording recording = ts_recording_load(name);

    cr_expect_geq(recording.summary.samples, SAMPLES_MIN);
    double unrooted = (double)recording.summary.samples * (1 - ts_rooted_percent(&recording) / 100);
    cr_expect(unrooted < 1.5 || ts_rooted_percent(&recording) >= min_percent,
              "%s: %.2f %%, %s in %s", name, ts_rooted_percent(&recording),
              recording.summary.unrooted[0].reason, recording.summary.unrooted[0].object);
    return recording;
}

/* For nginx a connection a request, so that every worker gets some. */
static struct pf_child start_load(const struct ts_server *server)
{
    if (server->kind != TS_NGINX_4_WORKERS)
        return ts_load_start(server, LOAD_SECONDS);
    return ts_start("exec wrk -t1 -c64 -d%ds -H 'Connection: close' http://127.0.0.1:%d/index.html",
                    LOAD_SECONDS, server->port);
}

/* Who sees only user code, a small part of nginx's time, looks for longer and more often. */
static const char *how_long(bool as_user)
{
    return as_user || geteuid() != 0 ? "-d 2 -F 3999" : "-d 1 -F 999";
}

/* Record a server of this kind under load, all of it as this user. */
static struct ts_recording record_kind(enum ts_server_kind kind, bool as_user, const char *name)
{
    struct ts_server server = ts_server_start(kind, as_user);
    struct pf_child load = start_load(&server);

    ts_wait_busy(server.pid);
    struct ts_result result =
        ts_run("%s \"$ASSAY_BIN\" record -p %d %s -o %s/%s", as_user ? ts_as_user() : "",
               (int)server.pid, how_long(as_user), ts_temp_dir(), name);
    ts_stop(&load);
    ts_server_stop(&server);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    return check_rooted(name, rooted_min_percent);
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

    cr_expect_geq(ts_label_numbers(&recording, "pid"), 4u);
    cr_expect_geq(recording.summary.process_count, 4u);
    /* Its workers live long: nobody else is interrupted for their sake. */
    cr_expect_not(strstr(recording.summary.note, "whole CPUs"), "%s", recording.summary.note);
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

/* Four clients that set and get without waiting for answers; bash speaks TCP by itself. */
static struct pf_child start_memcached_load(int port)
{
    return ts_start(
        "for i in 1 2 3 4; do bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d; cat <&3 >/dev/null & "
        "batch=$(for k in $(seq 200); do printf \"set k$k 0 0 5\\r\\nhello\\r\\nget "
        "k$k\\r\\n\"; done); while printf \"%%s\\n\" \"$batch\" >&3; do :; done' & done; "
        "wait",
        port);
}

Test(record_servers, threads_of_memcached_are_seen)
{
    struct ts_server server = ts_server_start(TS_MEMCACHED, false);
    struct pf_child load = start_memcached_load(server.port);

    ts_wait_busy(server.pid);
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record -p %d %s --threads -o %s/memcached.pb.gz", (int)server.pid,
               how_long(false), ts_temp_dir());
    ts_stop(&load);
    ts_server_stop(&server);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);

    /* It has a frame of 16 KiB. */
    struct ts_recording recording = check_rooted("memcached.pb.gz", rooted_min_percent);
    /* Four connections are dealt to four workers in turn. */
    cr_expect_geq(ts_label_numbers(&recording, "tid"), 4u);
    cr_expect_eq(ts_label_numbers(&recording, "pid"), 1u);
    ts_recording_fini(&recording);
}

/* Threads of a few milliseconds: where whole CPUs may be sampled, what they use is in the samples.
 */
static void check_thread_a_request(const struct ts_recording *recording)
{
    const struct pf_summary *summary = &recording->summary;
    double sampled_s = (double)(summary->samples + summary->lost) / summary->frequency_hz;
    double used_s = (double)summary->target_cpu_ns / 1e9;

    if (geteuid() != 0)
        return;
    cr_expect_geq(sampled_s / used_s, 0.75, "%.2f of %.2f s", sampled_s, used_s);
}

Test(record_servers, python_is_rooted)
{
    int port = ts_free_port();
    struct pf_child server = ts_start(
        "cd %s && exec /usr/bin/python3 -m http.server %d --bind 127.0.0.1", ts_temp_dir(), port);
    struct ts_result ready = ts_run("timeout 30 bash -c 'until (exec 3<>/dev/tcp/127.0.0.1/%d) "
                                    "2>/dev/null; do sleep 0.05; done'",
                                    port);
    cr_assert_eq(ready.status, 0);
    ts_result_fini(&ready);
    struct pf_child load =
        ts_start("exec wrk -t1 -c4 -d%ds http://127.0.0.1:%d/", LOAD_SECONDS, port);

    ts_wait_busy(server.pid);
    /* Most of its threads are shorter than a period of 999 Hz, of which whole CPUs miss none. */
    struct ts_result result = ts_run("\"$ASSAY_BIN\" record -p %d %s -o %s/python.pb.gz",
                                     (int)server.pid, how_long(false), ts_temp_dir());
    ts_stop(&load);
    ts_stop(&server);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    struct ts_recording recording = check_rooted("python.pb.gz", rooted_min_percent);
    check_thread_a_request(&recording);
    ts_recording_fini(&recording);
}
