/*
 * assay stack on processes whose threads are known: what it says of each, and that none of them
 * notices.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"
#include "tests/support/json_schema.h"

TestSuite(stack, .timeout = 60);

/* The workload under test: its input ends it, its output tells. */
struct workload {
    struct pf_child child;
    int in, out;
    unsigned port;
};

static void read_line(const struct workload *workload, char *line, size_t size)
{
    size_t used = 0;

    while (used + 1 < size && read(workload->out, line + used, 1) == 1 && line[used] != '\n')
        used++;
    line[used] = '\0';
}

static struct workload start_workload(void)
{
    struct workload workload = {0};
    int in[2];
    int out[2];
    char *argv[] = {(char *)WORKLOAD, NULL};
    char line[64];
    struct pf_err err;

    cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    struct pf_spawn spec = {.argv = argv, .stdin_fd = in[0], .stdout_fd = out[1]};
    cr_assert(pf_child_start(&workload.child, &spec, &err), "%s", err.text);
    (void)close(in[0]);
    (void)close(out[1]);
    workload.in = in[1];
    workload.out = out[0];
    read_line(&workload, line, sizeof line);
    cr_assert_eq(sscanf(line, "ready %u", &workload.port), 1, "%s", line);
    return workload;
}

/* How many system calls its threads saw cut short. */
static unsigned stop_workload(struct workload *workload)
{
    char line[64];
    unsigned disturbed = 9999;

    (void)close(workload->in);
    read_line(workload, line, sizeof line);
    (void)sscanf(line, "disturbed %u", &disturbed);
    pf_child_stop(&workload->child, 1000);
    pf_child_fini(&workload->child);
    (void)close(workload->out);
    return disturbed;
}

static json_t *stack_json(pid_t pid, const char *options)
{
    struct ts_result result = ts_run("assay stack --json %s -p %d", options, (int)pid);
    char why[512];
    json_error_t error;

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert(ts_json_follows(ts_out(&result), "stack.json", why, sizeof why), "%s", why);
    json_t *root = json_loads(ts_out(&result), 0, &error);
    cr_assert_not_null(root, "%s", error.text);
    ts_result_fini(&result);
    return root;
}

static json_t *thread_named(json_t *root, const char *name)
{
    size_t i;
    json_t *thread;

    json_array_foreach(json_object_get(root, "threads"), i,
                       thread) if (strcmp(json_string_value(json_object_get(thread, "name")), name)
                                   == 0) return thread;
    cr_assert_fail("no thread %s", name);
    return NULL;
}

static const char *text_of(json_t *thread, const char *member)
{
    return json_string_value(json_object_get(thread, member));
}

/* Is function somewhere in the thread's stack, with a line? */
static bool has_function(json_t *thread, const char *function)
{
    size_t i;
    json_t *frame;

    json_array_foreach(json_object_get(thread, "stack"), i,
                       frame) if (strcmp(text_of(frame, "function"), function)
                                  == 0) return json_integer_value(json_object_get(frame, "line"))
        > 0;
    return false;
}

Test(stack, says_of_each_thread_where_it_is_and_what_it_waits_for)
{
    struct workload workload = start_workload();
    json_t *root = stack_json(workload.child.pid, "");
    char listening[64];

    json_t *holder = thread_named(root, "holder");
    cr_expect(has_function(holder, "hold_the_lock"));
    cr_expect_not_null(strstr(text_of(holder, "waits_for"), "read fd"));
    cr_expect_not_null(strstr(text_of(holder, "waits_for"), "(pipe:["));

    json_t *waiter = thread_named(root, "waiter");
    cr_expect_eq(json_integer_value(json_object_get(waiter, "held_by")),
                 json_integer_value(json_object_get(holder, "tid")), "%s",
                 text_of(waiter, "waits_for"));
    cr_expect_not_null(strstr(text_of(waiter, "waits_for"), "(holder)"));

    json_t *poller = thread_named(root, "poller");
    cr_expect_not_null(strstr(text_of(poller, "waits_for"), "epoll_wait on fd"));
    cr_expect_not_null(strstr(text_of(poller, "waits_for"), "(1 watched), for up to 600000 ms"));

    json_t *acceptor = thread_named(root, "acceptor");
    (void)snprintf(listening, sizeof listening, "tcp listening on 127.0.0.1:%u", workload.port);
    cr_expect_not_null(strstr(text_of(acceptor, "waits_for"), listening), "%s",
                       text_of(acceptor, "waits_for"));

    json_t *worker = thread_named(root, "worker");
    cr_expect(has_function(worker, "spin_here"));
    cr_expect_str_eq(text_of(worker, "state"), "R");
    size_t i;
    json_t *thread;
    json_array_foreach(json_object_get(root, "threads"), i, thread)
        cr_expect(json_is_true(json_object_get(thread, "rooted"))
                      || strcmp(text_of(thread, "name"), "deep") == 0,
                  "%s", text_of(thread, "name"));
    json_decref(root);
    cr_expect_eq(stop_workload(&workload), 0, "a system call was cut short");
}

Test(stack, deep_recursion_shows_its_innermost_frames)
{
    struct workload workload = start_workload();
    json_t *root = stack_json(workload.child.pid, "");

    json_t *deep = thread_named(root, "deep");
    cr_expect_gt(json_array_size(json_object_get(deep, "stack")), 500);
    cr_expect(has_function(deep, "go_deep"));
    json_decref(root);
    (void)stop_workload(&workload);
}

Test(stack, text_shows_threads_at_one_place_once)
{
    struct workload workload = start_workload();
    struct ts_result result = ts_run("assay stack -p %d", (int)workload.child.pid);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_expect_not_null(strstr(ts_out(&result), "(20 threads)"));
    cr_expect_not_null(strstr(ts_out(&result), "paused: "));
    cr_expect_null(strstr(ts_out(&result), "\033["), "no colour without a terminal");
    ts_result_fini(&result);
    (void)stop_workload(&workload);
}

/* The letter of a task's state. */
static char state_of(pid_t pid, const char *tid)
{
    char path[128];
    char text[512] = "";

    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)pid, tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 'X';
    size_t got = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[got] = '\0';
    const char *bracket = strrchr(text, ')');
    return bracket ? bracket[2] : '?';
}

static bool has_stopped_thread(pid_t pid)
{
    char path[64];
    bool found = false;
    struct dirent *entry;

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    cr_assert_not_null(dir);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && state_of(pid, entry->d_name) == 't')
            found = true;
    (void)closedir(dir);
    return found;
}

Test(stack, killed_at_any_moment_it_leaves_no_thread_stopped)
{
    struct workload workload = start_workload();

    for (unsigned round = 0; round < 25; round++) {
        struct pf_child assay =
            ts_start("exec assay stack -p %d,%d,%d >/dev/null", (int)workload.child.pid,
                     (int)workload.child.pid, (int)workload.child.pid);
        (void)pf_child_wait(&assay, pf_clock_now_ns() + round * 1500000ull);
        (void)kill(assay.pid, SIGKILL);
        (void)pf_child_wait(&assay, UINT64_MAX);
        pf_child_fini(&assay);
        uint64_t end_ns = pf_clock_now_ns() + 2000000000ull;
        while (has_stopped_thread(workload.child.pid) && pf_clock_now_ns() < end_ns)
            pf_clock_sleep_ms(1);
        cr_assert_not(has_stopped_thread(workload.child.pid), "round %u", round);
    }
    (void)stop_workload(&workload);
}

Test(stack, process_stopped_by_a_signal_is_shown_and_stays_stopped)
{
    struct workload workload = start_workload();
    char tid[16];
    (void)snprintf(tid, sizeof tid, "%d", (int)workload.child.pid);
    (void)kill(workload.child.pid, SIGSTOP);
    uint64_t end_ns = pf_clock_now_ns() + 5000000000ull;
    while (state_of(workload.child.pid, tid) != 'T' && pf_clock_now_ns() < end_ns)
        pf_clock_sleep_ms(1);

    json_t *root = stack_json(workload.child.pid, "");

    cr_expect(has_function(thread_named(root, "holder"), "hold_the_lock"));
    cr_expect_str_eq(text_of(thread_named(root, "worker"), "state"), "T");
    end_ns = pf_clock_now_ns() + 5000000000ull;
    while (state_of(workload.child.pid, tid) != 'T' && pf_clock_now_ns() < end_ns)
        pf_clock_sleep_ms(1);
    cr_expect_eq(state_of(workload.child.pid, tid), 'T');
    (void)kill(workload.child.pid, SIGCONT);
    json_decref(root);
    (void)stop_workload(&workload);
}

Test(stack, master_and_workers_of_nginx_with_children)
{
    struct ts_server nginx = ts_server_start(TS_NGINX_4_WORKERS, false);

    json_t *root = stack_json(nginx.pid, "--children");
    json_t *alone = stack_json(nginx.pid, "");

    cr_expect_eq(json_array_size(json_object_get(root, "processes")), 5);
    cr_expect_geq(json_array_size(json_object_get(root, "threads")), 5);
    cr_expect_eq(json_array_size(json_object_get(alone, "processes")), 1);
    json_decref(root);
    json_decref(alone);
    ts_server_stop(&nginx);
}

Test(stack, an_ordinary_user_sees_his_own_server_and_is_told_about_others)
{
    struct ts_server redis = ts_server_start(TS_REDIS, true);

    struct ts_result own = ts_run("%s assay stack -p %d", ts_as_user(), (int)redis.pid);
    struct ts_result foreign = ts_run("%s assay stack -p 1", ts_as_user());

    cr_expect_eq(own.status, 0, "%s", ts_err(&own));
    cr_expect_not_null(strstr(ts_out(&own), "aeMain"));
    cr_expect_eq(foreign.status, 3);
    cr_expect_not_null(strstr(ts_err(&foreign), "run as root"), "%s", ts_err(&foreign));
    ts_result_fini(&own);
    ts_result_fini(&foreign);
    ts_server_stop(&redis);
}

Test(stack, wrong_requests_are_named)
{
    struct ts_result none = ts_run("assay stack");
    struct ts_result gone = ts_run("assay stack -p 4194303");
    struct ts_result word = ts_run("assay stack -p redis");

    cr_expect_eq(none.status, 2);
    cr_expect_eq(gone.status, 2);
    cr_expect_not_null(strstr(ts_err(&gone), "there is no process 4194303"));
    cr_expect_eq(word.status, 2);
    cr_expect_not_null(strstr(ts_err(&word), "-p wants process ids"));
    ts_result_fini(&none);
    ts_result_fini(&gone);
    ts_result_fini(&word);
}
