/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/agent_host.h"
#include "profiler/attach/agent_in.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/base/arena.h"
#include "profiler/base/err.h"

enum { TRIES_MAX = 3, FIRST_ROOM = 16 };

static const uint64_t look_ns = 250000000;   /* between looks; so long a new process has */
static const uint64_t again_ns = 1000000000; /* between tries; doubled every time */
static const uint64_t patience_max_ns = 4000000000;

void pf_agent_watch_fini(struct pf_agent_watch *watch)
{
    pf_pid_list_fini(&watch->roots);
    free(watch->without);
    free(watch->heard);
    *watch = (struct pf_agent_watch){0};
}

static struct pf_watched *find(struct pf_agent_watch *watch, pid_t pid)
{
    for (uint32_t i = 0; i < watch->without_count; i++)
        if (watch->without[i].pid == pid)
            return &watch->without[i];
    return NULL;
}

static struct pf_watched *enter(struct pf_agent_watch *watch, pid_t pid, uint64_t next_ns)
{
    if (watch->without_count == watch->without_capacity) {
        watch->without_capacity =
            watch->without_capacity ? watch->without_capacity * 2 : FIRST_ROOM;
        watch->without =
            pf_mem_resize(watch->without, watch->without_capacity, sizeof *watch->without);
    }
    struct pf_watched *watched = &watch->without[watch->without_count++];
    *watched = (struct pf_watched){.pid = pid, .next_ns = next_ns};
    return watched;
}

static void meet_new(struct pf_agent_watch *watch, const struct pf_agent_host *host,
                     uint64_t now_ns)
{
    if (watch->heard_count == host->process_count)
        return;
    watch->heard = pf_mem_resize(watch->heard, host->process_count, sizeof *watch->heard);
    for (; watch->heard_count < host->process_count; watch->heard_count++)
        watch->heard[watch->heard_count] =
            (struct pf_heard){.moved_ns = now_ns, .patience_ns = look_ns};
}

/* Silence alone says little: the process may be stopped, or have so many threads that its agent's
 * rounds are long; then its maps are long, too. */
static bool has_agent(struct pf_agent_watch *watch, struct pf_agent_process *process,
                      struct pf_heard *heard, uint64_t now_ns)
{
    if (process->is_over || !process->region)
        return false;
    uint32_t beat = atomic_load(&process->region->beat);
    if (beat != heard->beat) {
        heard->beat = beat;
        heard->moved_ns = now_ns;
    } else if (now_ns - heard->moved_ns >= heard->patience_ns) {
        process->is_over = !pf_agent_is_in(process->pid);
        watch->execs += process->is_over;
        heard->moved_ns = now_ns;
        if (heard->patience_ns < patience_max_ns)
            heard->patience_ns *= 2;
    }
    return !process->is_over;
}

static bool is_served(struct pf_agent_watch *watch, struct pf_agent_host *host, pid_t pid,
                      uint64_t now_ns)
{
    struct pf_agent_process *process = pf_agent_host_find(host, pid);

    return process && has_agent(watch, process, &watch->heard[process - host->processes], now_ns);
}

static bool is_alive(pid_t pid)
{
    struct pf_proc_stat stat;

    return pf_proc_stat_read(&stat, pid, 0) && stat.state != 'Z' && stat.state != 'X';
}

static bool is_due(struct pf_agent_watch *watch, pid_t pid, uint64_t now_ns)
{
    struct pf_watched *watched = find(watch, pid);

    if (!watched)
        watched = enter(watch, pid, now_ns + look_ns);
    watched->is_seen = true;
    return watched->tries < TRIES_MAX && now_ns >= watched->next_ns;
}

/* "process 1: the agent was not put in: BECAUSE": the reason alone, there is little room. */
static const char *without_prefix(const char *text)
{
    static const char prefix[] = "the agent was not put in: ";
    const char *found = strstr(text, prefix);

    return found ? found + sizeof prefix - 1 : text;
}

static uint32_t enter_reason(struct pf_agent_watch *watch, const char *text)
{
    char cut[PF_AGENT_REASON_TEXT];

    (void)snprintf(cut, sizeof cut, "%.*s", PF_AGENT_REASON_TEXT - 1, without_prefix(text));
    for (uint32_t i = 0; i < watch->reason_count; i++)
        if (strcmp(watch->reasons[i].text, cut) == 0)
            return i;
    if (watch->reason_count == PF_AGENT_REASONS_MAX)
        return PF_AGENT_REASONS_MAX - 1;
    memcpy(watch->reasons[watch->reason_count].text, cut, sizeof cut);
    return watch->reason_count++;
}

/* It is done with, and has no agent. */
static void count_without(struct pf_agent_watch *watch, const struct pf_watched *watched)
{
    if (!watched->was_tried) {
        watch->missed++;
        return;
    }
    struct pf_agent_reason *reason = &watch->reasons[watched->reason];
    if (reason->count < PF_AGENT_REASON_PIDS)
        reason->pids[reason->count] = watched->pid;
    reason->count++;
}

static bool is_out(struct pf_agent_host *host, pid_t pid)
{
    const struct pf_agent_process *process = pf_agent_host_find(host, pid);

    return !process || process->is_over;
}

/* Who is no more among them ended, or has the agent now. */
static void drop_unseen(struct pf_agent_watch *watch, struct pf_agent_host *host)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < watch->without_count; i++) {
        struct pf_watched watched = watch->without[i];
        if (watched.is_seen) {
            watched.is_seen = false;
            watch->without[kept++] = watched;
        } else if (is_out(host, watched.pid)) {
            count_without(watch, &watched);
        }
    }
    watch->without_count = kept;
}

void pf_agent_watch_finish(struct pf_agent_watch *watch, struct pf_agent_host *host)
{
    for (uint32_t i = 0; i < watch->without_count; i++)
        watch->without[i].is_seen = false;
    drop_unseen(watch, host);
}

void pf_agent_watch_look(struct pf_agent_watch *watch, struct pf_agent_host *host, uint64_t now_ns,
                         struct pf_pid_list *out)
{
    struct pf_pid_list tree = {0};

    out->count = 0;
    if (now_ns < watch->next_ns)
        return;
    watch->next_ns = now_ns + look_ns;
    meet_new(watch, host, now_ns);
    for (uint32_t i = 0; i < watch->roots.count; i++)
        pf_pid_list_add(&tree, watch->roots.at[i]);
    if (!watch->skip_children)
        pf_proc_tree_grow(&tree);
    for (uint32_t i = 0; i < tree.count; i++)
        if (!is_served(watch, host, tree.at[i], now_ns) && is_alive(tree.at[i])
            && is_due(watch, tree.at[i], now_ns))
            pf_pid_list_add(out, tree.at[i]);
    drop_unseen(watch, host);
    pf_pid_list_fini(&tree);
}

void pf_agent_watch_refused(struct pf_agent_watch *watch, pid_t pid, uint64_t now_ns,
                            const struct pf_err *why, bool is_final)
{
    struct pf_watched *watched = find(watch, pid);

    if (!watched)
        watched = enter(watch, pid, now_ns);
    watched->was_tried = true;
    watched->reason = enter_reason(watch, why->text);
    watched->tries = is_final ? TRIES_MAX : watched->tries + 1;
    watched->next_ns = now_ns + (again_ns << watched->tries >> 1);
}
