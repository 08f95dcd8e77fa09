/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_watch.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/agent_host.h"

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
    size_t size = (sizeof(struct pf_region) + 63) / 64 * 64;
    struct pf_region *region = aligned_alloc(64, size);

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

Test(agent_watch, one_that_refuses_is_given_up_and_counted_once)
{
    struct pf_agent_watch watch = {.skip_children = true};
    struct pf_agent_host host = {0};
    struct pf_pid_list out = {0};
    pid_t pid = start_process();
    unsigned asked = 0;

    pf_pid_list_add(&watch.roots, pid);
    for (unsigned i = 1; i < 20; i++) {
        pf_agent_watch_look(&watch, &host, i * second_ns, &out);
        asked += out.count;
        if (out.count)
            pf_agent_watch_refused(&watch, pid, i * second_ns, false);
    }
    cr_expect_eq(asked, 3);
    cr_expect_eq(watch.refused, 1);
    end_process(pid);
    pf_agent_watch_look(&watch, &host, 30 * second_ns, &out);
    cr_expect_eq(watch.missed, 0, "it was counted before");
    pf_pid_list_fini(&out);
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
