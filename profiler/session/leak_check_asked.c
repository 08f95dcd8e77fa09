/*
 * A leak check where nothing may be traced: the agent in each process asks at its end.
 *
 * Ends by a signal are not seen then.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/attach/proc_tree.h"
#include "profiler/base/clock.h"
#include "profiler/session/leak_check_priv.h"

static uint32_t tell_to_wait(void *to, const struct pf_agent_process *process)
{
    (void)to;
    (void)process;
    return PF_WELCOME_WAIT;
}

static void look_at(void *to, const struct pf_agent_process *process, const struct pf_leave *leave,
                    int memory_fd)
{
    struct pf_check *check = to;
    struct pf_leaks_threads threads = {0};

    pf_pid_list_add(&check->asked, process->pid);
    if (!pf_leaks_threads_asked(&threads, process->region, leave)) {
        check->incomplete++;
        return;
    }
    check->incomplete += leave->missed > 0;
    pf_check_judge(check, process, memory_fd, &threads);
}

void pf_check_ask(struct pf_check *check)
{
    check->is_asking = true;
    check->host.visits =
        (struct pf_agent_visits){.to = check, .joined = tell_to_wait, .left = look_at};
}

bool pf_check_asked_runs(struct pf_check *check)
{
    bool runs = !pf_child_wait(&check->child, pf_clock_now_ns());

    for (uint32_t i = 0; i < check->host.process_count && !runs; i++)
        runs = pf_proc_living_thread(check->host.processes[i].pid) != 0;
    return runs;
}

static bool has_asked(const struct pf_check *check, pid_t pid)
{
    for (uint32_t i = 0; i < check->asked.count; i++)
        if (check->asked.at[i] == pid)
            return true;
    return false;
}

uint32_t pf_check_unasked(const struct pf_check *check, bool *is_root)
{
    uint32_t count = 0;

    *is_root = false;
    for (uint32_t i = 0; check->is_asking && i < check->host.process_count; i++) {
        const struct pf_agent_process *process = &check->host.processes[i];
        bool is_newest = true;
        for (uint32_t j = i + 1; j < check->host.process_count; j++)
            is_newest &= check->host.processes[j].pid != process->pid;
        if (!process->is_mapped || !is_newest || has_asked(check, process->pid))
            continue;
        count++;
        *is_root |= process->pid == check->child.pid;
    }
    return count;
}
