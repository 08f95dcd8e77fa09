/*
 * The agent's allocation hooks in programs made for it, and in servers nobody made for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "tests/integration/leaks_support.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

static struct leaks_found checked(const char *name)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s %s", AGENT_ALLOCS, name);
    return leaks_of("--show-kinds all", command);
}

/* Definitely lost blocks of the records with this function in the stack. */
static uint64_t lost_in(const struct leaks_found *found, const char *function)
{
    size_t n;
    size_t at;
    json_t *record;
    json_t *frame;
    uint64_t blocks = 0;

    json_array_foreach(json_object_get(found->report, "leaks"), n, record)
    {
        if (strcmp(json_string_value(json_object_get(record, "kind")), "definite") != 0)
            continue;
        json_array_foreach(json_object_get(record, "stack"), at, frame)
        {
            if (strcmp(json_string_value(json_object_get(frame, "function")), function) == 0) {
                blocks += (uint64_t)json_integer_value(json_object_get(record, "blocks"));
                break;
            }
        }
    }
    return blocks;
}

Test(agent_hooks, every_allocation_function_is_counted_once)
{
    static const char *const functions[] = {
        "by_malloc",   "by_calloc",        "by_realloc_new",    "by_realloc", "by_reallocarray",
        "by_memalign", "by_aligned_alloc", "by_posix_memalign", "by_valloc",  "by_pvalloc",
        "by_strdup",   "by_strndup",       "by_getline",
    };
    struct leaks_found found = checked("all");

    for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++) {
        uint64_t lost = lost_in(&found, functions[i]);
        /* The last one may still be in a register or a slot nobody has overwritten. */
        cr_expect(lost == 3 || lost == 2, "%s: %lu", functions[i], (unsigned long)lost);
    }
    cr_expect_eq(json_integer_value(json_object_get(found.report, "lost_events")), 0);
    leaks_found_fini(&found);
}

static void expect_status_same(const char *name)
{
    struct ts_result alone = ts_run("%s %s", AGENT_ALLOCS, name);
    struct ts_result with = ts_run("assay leaks -o /dev/null -- %s %s", AGENT_ALLOCS, name);

    cr_expect_eq(alone.status, 0, "%s alone: %d", name, alone.status);
    cr_expect_null(strstr(ts_err(&with), "ended with status"), "%s: %s", name, ts_err(&with));
    ts_result_fini(&alone);
    ts_result_fini(&with);
}

Test(agent_hooks, a_program_sees_what_the_c_library_answers)
{
    expect_status_same("corners");
    expect_status_same("descriptors");
}

Test(agent_hooks, ten_thousand_threads_come_and_go)
{
    struct leaks_found found = checked("threads");

    cr_assert_geq(lost_in(&found, "by_malloc"), 2);
    cr_assert_eq(leaks_blocks(&found, "possible"), 0);
    cr_assert_eq(json_integer_value(json_object_get(found.report, "lost_events")), 0);
    leaks_found_fini(&found);
}

Test(agent_hooks, the_child_of_a_fork_answers_for_its_own_blocks_only)
{
    struct leaks_found found = checked("fork");

    cr_assert_geq(lost_in(&found, "by_calloc"), 2);
    cr_assert_eq(lost_in(&found, "forked"), lost_in(&found, "by_calloc"),
                 "what it inherited is not its leak");
    leaks_found_fini(&found);
}

Test(agent_hooks, a_fork_behind_the_c_library_does_no_harm)
{
    struct leaks_found found = checked("fork-raw");

    cr_assert_geq(lost_in(&found, "by_malloc"), 2);
    leaks_found_fini(&found);
}

Test(agent_hooks, a_server_that_gives_up_everything_is_still_judged)
{
    struct leaks_found found = checked("dropped");

    cr_assert_geq(lost_in(&found, "by_malloc"), 2);
    leaks_found_fini(&found);
}

Test(agent_hooks, without_a_collector_it_is_passive)
{
    struct ts_result result = ts_run("LD_PRELOAD=%s ASSAY_AGENT_COLLECTOR=nobody:%032d %s corners",
                                     AGENT_LIBRARY, 0, AGENT_ALLOCS);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    result = ts_run("LD_PRELOAD=%s ASSAY_AGENT_COLLECTOR=:: %s all", AGENT_LIBRARY, AGENT_ALLOCS);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(agent_hooks, preloaded_twice_it_counts_once)
{
    char command[1024];

    (void)snprintf(
        command, sizeof command,
        "sh -c 'cp %s $TMP/second.so; LD_PRELOAD=$LD_PRELOAD:$TMP/second.so exec %s all'",
        AGENT_LIBRARY, AGENT_ALLOCS);
    char options[64];
    (void)snprintf(options, sizeof options, "--show-kinds all");
    (void)setenv("TMP", ts_temp_dir(), 1);
    struct leaks_found found = leaks_of(options, command);

    uint64_t lost = lost_in(&found, "by_malloc");
    cr_assert(lost == 3 || lost == 2, "%lu", (unsigned long)lost);
    leaks_found_fini(&found);
}

Test(agent_hooks, a_storm_ends_as_it_would_without)
{
    struct ts_result result =
        ts_run("assay leaks --fail-on none -o /dev/null -- %s 2", AGENT_STORM);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert_null(strstr(ts_err(&result), "ended with status"), "%s", ts_err(&result));
    cr_assert(strstr(ts_out(&result), "ok"), "%s", ts_out(&result));
    ts_result_fini(&result);
}

Test(agent_hooks, redis_on_its_own_allocator_serves_as_before)
{
    int port = ts_free_port();
    char path[256];

    (void)snprintf(path, sizeof path, "%s/redis.txt", ts_temp_dir());
    struct pf_child child = ts_start(
        "assay leaks --fail-on none -o %s -- redis-server --port %d --save '' --appendonly "
        "no >/dev/null",
        path, port);
    struct ts_result result = ts_run(
        "for i in $(seq 200); do redis-cli -p %d ping >/dev/null 2>&1 && break; sleep 0.05; "
        "done; redis-benchmark -p %d -n 30000 -P 16 -t set,get,lpush,lrange_100 -r 1000 -q && "
        "redis-cli -p %d info memory | grep mem_allocator && redis-cli -p %d shutdown nosave",
        port, port, port, port);
    cr_expect(strstr(ts_out(&result), "jemalloc"), "%s", ts_out(&result));
    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + 20000000000ull));
    cr_assert_eq(pf_child_exit_status(&child), 0);
    ts_stop(&child);
    result = ts_run("cat %s", path);
    cr_expect(strstr(ts_out(&result), "zmalloc") || strstr(ts_out(&result), "  definite   0 bytes"),
              "%s", ts_out(&result));
    ts_result_fini(&result);
}

Test(agent_hooks, python_with_its_modules_runs_as_before)
{
    struct ts_result result =
        ts_run("assay leaks --fail-on none -o /dev/null -- /usr/bin/python3 -c "
               "'import json, ctypes, decimal, threading, subprocess; "
               "t = threading.Thread(target=lambda: json.loads(\"[1,2]\")); t.start(); t.join(); "
               "print(subprocess.run([\"echo\", \"ok\"], capture_output=True).stdout)'");

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert(strstr(ts_out(&result), "ok"), "%s", ts_out(&result));
    ts_result_fini(&result);
}
