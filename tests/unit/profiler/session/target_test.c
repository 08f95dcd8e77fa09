/* SPDX-License-Identifier: MIT */
#include "profiler/session/target.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/session/record.h"

static const uint64_t ten_seconds_ns = 10000000000;

Test(target, a_process_twice_is_one)
{
    pid_t pids[] = {getpid(), getpid()};
    struct pf_record_options options = {.pids = pids, .pid_count = 2};
    struct pf_target target = {0};
    struct pf_err err = {0};

    cr_assert(pf_target_open(&target, &options, &err), "%s", err.text);
    cr_expect_eq(target.process_count, 1u);
    cr_expect_not(pf_target_has_ended(&target));
    pf_target_close(&target);
}

static void *tell_tid(void *to)
{
    __atomic_store_n((pid_t *)to, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
    (void)pause();
    return NULL;
}

Test(target, a_threads_id_is_refused_with_its_processs)
{
    pthread_t thread;
    pid_t tid = 0;
    struct pf_record_options options = {.pids = &tid, .pid_count = 1};
    struct pf_target target = {0};
    struct pf_err err = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + ten_seconds_ns;

    cr_assert_eq(pthread_create(&thread, NULL, tell_tid, &tid), 0);
    while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
        cr_assert_lt(pf_clock_now_ns(), deadline_ns);
    cr_expect_not(pf_target_open(&target, &options, &err));
    cr_expect_eq(err.code, PF_ERR_NOT_FOUND);
    cr_expect_not_null(strstr(err.text, "is a thread of process"), "%s", err.text);
}

Test(target, a_command_waits_until_it_is_let_go_and_its_end_is_seen)
{
    char *argv[] = {"sh", "-c", "exit 5", NULL};
    struct pf_record_options options = {.argv = argv};
    struct pf_target target = {0};
    struct pf_err err = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + ten_seconds_ns;

    cr_assert(pf_target_open(&target, &options, &err), "%s", err.text);
    cr_assert(pf_target_start(&target, &options, &err), "%s", err.text);
    cr_expect(target.is_held);
    cr_expect_not(pf_target_has_ended(&target));
    cr_assert(pf_target_release(&target, &err), "%s", err.text);
    while (!pf_target_has_ended(&target))
        cr_assert_lt(pf_clock_now_ns(), deadline_ns);
    cr_expect_eq(pf_child_exit_status(&target.command), 5);
    cr_expect_eq(pf_target_ended_count(&target), 1u);
    pf_target_close(&target);
}

Test(target, words_before_the_command_run_it)
{
    char *argv[] = {"exit", "6", NULL};
    struct pf_record_options options = {.argv = argv};
    struct pf_target target = {0};
    struct pf_err err = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + ten_seconds_ns;

    cr_assert(pf_target_open(&target, &options, &err), "%s", err.text);
    target.before[target.before_count++] = "sh";
    target.before[target.before_count++] = "-c";
    target.before[target.before_count++] = "\"$@\"";
    target.before[target.before_count++] = "sh";
    target.before[target.before_count++] = "eval";
    cr_assert(pf_target_start(&target, &options, &err), "%s", err.text);
    cr_assert(pf_target_release(&target, &err), "%s", err.text);
    while (!pf_target_has_ended(&target))
        cr_assert_lt(pf_clock_now_ns(), deadline_ns);
    cr_expect_eq(pf_child_exit_status(&target.command), 6);
    pf_target_close(&target);
}

Test(target, a_command_that_does_not_exist_is_named_when_let_go)
{
    char *argv[] = {"/nonexistent/server", NULL};
    struct pf_record_options options = {.argv = argv};
    struct pf_target target = {0};
    struct pf_err err = {0};

    cr_assert(pf_target_open(&target, &options, &err), "%s", err.text);
    cr_assert(pf_target_start(&target, &options, &err), "%s", err.text);
    cr_expect_not(pf_target_release(&target, &err));
    cr_expect_not_null(strstr(err.text, "/nonexistent/server"), "%s", err.text);
    pf_target_close(&target);
}

Test(target, a_running_command_is_ended_on_close)
{
    char *argv[] = {"sleep", "60", NULL};
    struct pf_record_options options = {.argv = argv};
    struct pf_target target = {0};
    struct pf_err err = {0};

    cr_assert(pf_target_open(&target, &options, &err), "%s", err.text);
    cr_assert(pf_target_start(&target, &options, &err), "%s", err.text);
    cr_assert(pf_target_release(&target, &err), "%s", err.text);
    pid_t pid = target.command.pid;
    pf_target_close(&target);
    cr_expect_eq(kill(pid, 0), -1);
}

Test(target, processes_are_described_by_their_command_line)
{
    char *argv[] = {"sleep", "60", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err = {0};
    char text[256];

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    pf_target_describe(child.pid, text, sizeof text);
    cr_expect_str_eq(text, "sleep 60");
    pf_child_stop(&child, 0);
    pf_target_describe(1 << 29, text, sizeof text);
    cr_expect_str_eq(text, "");
}
