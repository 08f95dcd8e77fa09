/*
 * Who of a leak check's tree is handed the signals sent to us.
 *
 * SPDX-License-Identifier: MIT
 */
#include <unistd.h>

#include "profiler/attach/proc_tree.h"
#include "profiler/session/leak_check_priv.h"

/* Of those that run still; a process that was waited for may have given its number away. */
static void list_survivors(const struct pf_check *check, struct pf_pid_list *out)
{
    for (uint32_t i = 0; i < check->follow.count; i++)
        if (check->follow.threads[i].tid == check->follow.threads[i].pid)
            pf_pid_list_add(out, check->follow.threads[i].pid);
    for (uint32_t i = 0; i < check->host.process_count && check->is_asking; i++)
        if (!check->host.processes[i].is_over
            && pf_proc_living_thread(check->host.processes[i].pid) != 0)
            pf_pid_list_add(out, check->host.processes[i].pid);
}

static void pass_to_survivors(const struct pf_check *check, int signal, bool is_ours)
{
    struct pf_pid_list all = {0};

    list_survivors(check, &all);
    for (uint32_t i = 0; i < all.count; i++)
        if (!is_ours || getpgid(all.at[i]) != getpgrp())
            (void)kill(all.at[i], signal);
    pf_pid_list_fini(&all);
}

void pf_check_pass_signal(const struct pf_check *check, int signal, bool is_ours)
{
    bool is_waited = check->is_asking ? check->child.reaped : check->follow.root_ended;

    if (is_waited || pf_proc_living_thread(check->child.pid) == 0)
        pass_to_survivors(check, signal, is_ours);
    else if (!is_ours)
        (void)kill(check->child.pid, signal);
}

void pf_check_kill_all(const struct pf_check *check)
{
    pass_to_survivors(check, SIGKILL, false);
    if (check->is_asking && !check->child.reaped)
        (void)kill(check->child.pid, SIGKILL);
}
