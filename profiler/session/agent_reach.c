/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_reach.h"

#include <poll.h>

#include "profiler/attach/agent_give.h"
#include "profiler/attach/agent_host.h"
#include "profiler/attach/inject_apart.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"
#include "profiler/session/agent_samples.h"

/* Looking for a thread of one process: at first, where it is the only hope, while others run. */
enum { FIRST_TIMEOUT_MS = 300, ONLY_TIMEOUT_MS = 2000, LATE_TIMEOUT_MS = 500 };

enum { ANSWER_MS = 2 };
static const uint64_t drain_ns =
    20000000; /* an agent that calls is not to wait for all the rings */

void pf_agent_reach_fini(struct pf_agent_reach *reach)
{
    pf_agent_watch_fini(&reach->watch);
}

static bool is_told_to_stop(const struct pf_agent_reach *reach)
{
    struct pollfd stop = {.fd = reach->stop_fd, .events = POLLIN};

    if (reach->deadline_ns && pf_clock_now_ns() >= reach->deadline_ns)
        return true;
    return reach->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* Rows of what a process has mapped, compiled here (or taken from the cache) before it is stopped.
 */
static void give_rows(struct pf_agent_reach *reach, pid_t pid)
{
    struct pf_mapped_objects *objects = &reach->samples->objects;
    struct pf_space space = {0};
    struct pf_err err = {0};

    if (pf_space_read(&space, pid, objects, &err)) {
        (void)pf_space_code(&space, objects);
        for (uint32_t i = 0; i < space.count; i++)
            pf_agent_give_object(reach->host, &objects->at[space.maps[i].object], pid);
    }
    pf_space_fini(&space);
}

static void serve(struct pf_agent_reach *reach)
{
    uint64_t now_ns = pf_clock_now_ns();

    pf_agent_host_serve(reach->host);
    pf_agent_host_tick(reach->host);
    if (now_ns < reach->next_drain_ns)
        return;
    pf_agent_samples_drain(reach->samples, reach->host);
    reach->next_drain_ns = pf_clock_now_ns() + drain_ns;
}

/* While a thread of the server calls the agent's entry, somebody has to answer the agent. */
static void answer_until_over(struct pf_agent_reach *reach, struct pf_inject_apart *apart)
{
    struct pollfd wake[] = {{.fd = apart->result_fd, .events = POLLIN},
                            {.fd = reach->host->poll_fd, .events = POLLIN}};

    do {
        wake[0].revents = 0;
        (void)poll(wake, 2, ANSWER_MS);
        serve(reach);
        if (is_told_to_stop(reach))
            pf_inject_apart_cancel(apart);
    } while (wake[0].revents == 0);
}

static bool inject(struct pf_agent_reach *reach, pid_t pid, unsigned timeout_ms, struct pf_err *err)
{
    struct pf_inject request = {.pid = pid,
                                .library = reach->agent_path,
                                .entry = "assay_agent_attach",
                                .text = reach->invitation,
                                .timeout_ms = timeout_ms,
                                .objects = &reach->samples->objects};
    int ours[] = {reach->host->listen_fd, reach->host->poll_fd};
    struct pf_inject_apart apart = {.result_fd = -1};
    struct pf_injection done = {0};

    give_rows(reach, pid);
    reach->host->refused_errno = 0;
    if (!pf_inject_apart_begin(&apart, &request, ours, 2, err))
        return false;
    answer_until_over(reach, &apart);
    bool ok = pf_inject_apart_end(&apart, &done, err);
    if (!ok && reach->host->refused_errno)
        return pf_err_sys(err, reach->host->refused_errno,
                          "the agent's shared memory (%llu MiB of addresses, mostly untouched) "
                          "cannot be mapped: raise the limit of the address space (ulimit -v)",
                          (unsigned long long)(pf_region_bytes(&reach->host->sizes) >> 20));
    if (ok && done.pause_ns > reach->longest_pause_ns)
        reach->longest_pause_ns = done.pause_ns;
    return ok;
}

/* A reason that stays: no use in trying again. */
static bool is_final(const struct pf_err *why)
{
    return why->code == PF_ERR_UNSUPPORTED || why->code == PF_ERR_DENIED;
}

/* One may have said hello by itself meanwhile. */
static bool has_registered(const struct pf_agent_reach *reach, pid_t pid)
{
    const struct pf_agent_process *process = pf_agent_host_find(reach->host, pid);

    return process && !process->is_over;
}

static bool has_ended(pid_t pid)
{
    struct pf_proc_stat stat;

    return !pf_proc_stat_read(&stat, pid, 0) || stat.state == 'Z' || stat.state == 'X';
}

/* Whether it is in, or there is no use in trying again. */
static bool give_agent(struct pf_agent_reach *reach, pid_t pid, unsigned timeout_ms)
{
    struct pf_err why = {0};

    if (inject(reach, pid, timeout_ms, &why)) {
        reach->injected++;
        return true;
    }
    if (has_registered(reach, pid))
        return true;
    if (has_ended(pid)) {
        reach->watch.missed++;
        reach->last_refusal = why;
        return true;
    }
    pf_agent_watch_refused(&reach->watch, pid, pf_clock_now_ns(), &why, is_final(&why));
    reach->last_refusal = why;
    return is_final(&why);
}

bool pf_agent_reach_all(struct pf_agent_reach *reach, const struct pf_pid_list *pids,
                        struct pf_err *err)
{
    struct pf_pid_list again = {0};
    uint32_t tried = 0;

    for (; tried < pids->count && !is_told_to_stop(reach); tried++)
        if (!give_agent(reach, pids->at[tried], FIRST_TIMEOUT_MS))
            pf_pid_list_add(&again, pids->at[tried]);
    reach->watch.missed += pids->count - tried;
    for (uint32_t i = 0; i < again.count && reach->injected == 0 && !is_told_to_stop(reach); i++)
        (void)give_agent(reach, again.at[i], ONLY_TIMEOUT_MS);
    pf_pid_list_fini(&again);
    if (reach->injected > 0 || is_told_to_stop(reach))
        return true;
    *err = reach->last_refusal;
    return false;
}

void pf_agent_reach_late(struct pf_agent_reach *reach)
{
    struct pf_pid_list late = {0};

    pf_agent_watch_look(&reach->watch, reach->host, pf_clock_now_ns(), &late);
    for (uint32_t i = 0; i < late.count && !is_told_to_stop(reach); i++)
        (void)give_agent(reach, late.at[i], LATE_TIMEOUT_MS);
    pf_pid_list_fini(&late);
}
