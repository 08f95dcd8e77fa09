/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_watch.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/agent_host.h"
#include "profiler/base/err.h"

static const uint64_t second_ns = 1000000000;

/* A process without any agent, until it is killed. */
static pid_t start_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            (void)pause();
    return pid;
}

static void end_process(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

/* As the host holds one that registered: its region is this process's own memory. */
static struct pf_agent_host host_with(struct pf_agent_process *process, struct pf_region *region,
                                      pid_t pid)
{
    *process = (struct pf_agent_process){.pid = pid, .region = region};
    return (struct pf_agent_host){.processes = process, .process_count = 1};
}

static struct pf_region *a_region(void)
{
    size_t size = sizeof(struct pf_region);
    struct pf_region *region = aligned_alloc(PF_REGION_PAGE, size);

    memset(region, 0, size);
    return region;
}

Test(agent_watch, a_process_has_time_to_register_and_is_then_named)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_host host = {0};
    struct pf_pid_list out = {0};
    pid_t pid = start_process();

    pf_pid_list_add(&watch.roots, pid);
    pf_agent_watch_look(&watch, &host, second_ns, &out);
    cr_expect_eq(out.count, 0, "at once");
    pf_agent_watch_look(&watch, &host, 2 * second_ns, &out);
    cr_expect_eq(out.count, 1);
    cr_expect_eq(out.at[0], pid);
    end_process(pid);
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, a_process_whose_beat_moves_on_is_left_alone)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_process process;
    struct pf_region *region = a_region();
    struct pf_pid_list out = {0};
    pid_t pid = start_process();
    struct pf_agent_host host = host_with(&process, region, pid);

    pf_pid_list_add(&watch.roots, pid);
    for (unsigned i = 1; i < 10; i++) {
        atomic_fetch_add(&region->beat, 1);
        pf_agent_watch_look(&watch, &host, i * second_ns, &out);
        cr_expect_eq(out.count, 0);
    }
    cr_expect_eq(watch.execs, 0);
    end_process(pid);
    free(region);
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, a_silent_process_without_a_region_has_exec_ed)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_process process;
    struct pf_region *region = a_region();
    struct pf_pid_list out = {0};
    pid_t pid = start_process();
    struct pf_agent_host host = host_with(&process, region, pid);

    pf_pid_list_add(&watch.roots, pid);
    for (unsigned i = 1; i < 4; i++)
        pf_agent_watch_look(&watch, &host, i * second_ns, &out);
    cr_expect(process.is_over);
    cr_expect_eq(watch.execs, 1);
    cr_expect_eq(out.count, 1);
    end_process(pid);
    free(region);
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}

static struct pf_err because(const char *reason)
{
    struct pf_err why = {.code = PF_ERR_LIMIT};

    (void)snprintf(why.text, sizeof why.text, "process 1: the agent was not put in: %s", reason);
    return why;
}

Test(agent_watch, one_that_refuses_is_given_up_and_counted_once)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_err why = because("it is busy");
    struct pf_agent_host host = {0};
    struct pf_pid_list out = {0};
    pid_t pid = start_process();
    unsigned asked = 0;

    pf_pid_list_add(&watch.roots, pid);
    for (unsigned i = 1; i < 20; i++) {
        pf_agent_watch_look(&watch, &host, i * second_ns, &out);
        asked += out.count;
        if (out.count)
            pf_agent_watch_refused(&watch, pid, i * second_ns, &why, false);
    }
    cr_expect_eq(asked, 3);
    end_process(pid);
    pf_agent_watch_look(&watch, &host, 30 * second_ns, &out);
    pf_agent_watch_finish(&watch, &host);
    cr_expect_eq(watch.missed, 0);
    cr_assert_eq(watch.reason_count, 1);
    cr_expect_eq(watch.reasons[0].count, 1);
    cr_expect_eq(watch.reasons[0].pids[0], pid);
    cr_expect_str_eq(watch.reasons[0].text, "it is busy");
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, the_pause_after_a_refusal_grows)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_err why = because("it is busy");
    struct pf_agent_host host = {0};
    struct pf_pid_list out = {0};
    pid_t pid = start_process();
    uint64_t times[3] = {0};
    unsigned asked = 0;

    pf_pid_list_add(&watch.roots, pid);
    for (uint64_t now_ns = second_ns; asked < 3 && now_ns < 60 * second_ns;
         now_ns += second_ns / 4) {
        pf_agent_watch_look(&watch, &host, now_ns, &out);
        if (out.count == 0)
            continue;
        times[asked++] = now_ns;
        pf_agent_watch_refused(&watch, pid, now_ns, &why, false);
    }
    cr_assert_eq(asked, 3);
    cr_expect_gt(times[2] - times[1], times[1] - times[0]);
    end_process(pid);
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, a_short_recording_counts_those_still_without_by_reason)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_err busy = because("it is busy"), foreign = because("it is static");
    struct pf_agent_host host = {0};

    pf_agent_watch_refused(&watch, 11, second_ns, &busy, false);
    pf_agent_watch_refused(&watch, 12, second_ns, &foreign, true);
    pf_agent_watch_refused(&watch, 13, second_ns, &busy, false);
    pf_agent_watch_finish(&watch, &host);

    cr_assert_eq(watch.reason_count, 2);
    cr_expect_eq(watch.reasons[0].count, 2);
    cr_expect_eq(watch.reasons[0].pids[1], 13);
    cr_expect_eq(watch.reasons[1].count, 1);
    cr_expect_str_eq(watch.reasons[1].text, "it is static");
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, more_reasons_than_are_kept_are_still_counted)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_host host = {0};
    uint32_t counted = 0;
    char text[32];

    for (int i = 0; i < 2 * PF_AGENT_REASONS_MAX; i++) {
        (void)snprintf(text, sizeof text, "reason %d", i);
        struct pf_err why = because(text);
        pf_agent_watch_refused(&watch, 100 + i, second_ns, &why, true);
    }
    pf_agent_watch_finish(&watch, &host);
    for (uint32_t i = 0; i < watch.reason_count; i++)
        counted += watch.reasons[i].count;
    cr_expect_eq(counted, 2 * PF_AGENT_REASONS_MAX);
    pf_agent_watch_fini(&watch);
}

Test(agent_watch, one_that_ended_before_is_counted)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_host host = {0};
    struct pf_pid_list out = {0};
    pid_t pid = start_process();

    pf_pid_list_add(&watch.roots, pid);
    pf_agent_watch_look(&watch, &host, second_ns, &out);
    end_process(pid);
    pf_agent_watch_look(&watch, &host, 2 * second_ns, &out);
    cr_expect_eq(out.count, 0);
    cr_expect_eq(watch.missed, 1);
    pf_pid_list_fini(&out);
    pf_agent_watch_fini(&watch);
}
