/* SPDX-License-Identifier: MIT */
#include "harness/runner/under_leaks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/runner/under_leaks_priv.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/trace/region_threads.h"

enum { TICK_MS = 50, ANCESTORS_MAX = 64 };

static struct hn_leaks_member *find(const struct hn_under_leaks *leaks, pid_t pid)
{
    for (uint32_t i = leaks->member_count; pid > 0 && i-- > 0;)
        if (leaks->members[i].pid == pid)
            return &leaks->members[i];
    return NULL;
}

static pid_t parent_of(pid_t pid)
{
    struct pf_proc_stat stat;

    return pf_proc_stat_read(&stat, pid, 0) ? stat.parent : 0;
}

/* The test a process belongs to, by its ancestors; what lost its parents belongs to the test its
 * lane runs now, which is the last one. 0: none. */
static pid_t test_of(const struct hn_under_leaks *leaks, pid_t pid)
{
    for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
        const struct hn_leaks_member *member = find(leaks, pid);
        if (member && (member->role == HN_LEAKS_TEST || member->role == HN_LEAKS_CHILD))
            return member->test;
        if (member && member->role == HN_LEAKS_LANE)
            return member->test;
        pid = parent_of(pid);
    }
    return 0;
}

/* Roles follow from who forked whom: the runner starts binaries, those fork lanes, those tests. */
static void give_role(const struct hn_under_leaks *leaks, struct hn_leaks_member *member,
                      const struct pf_agent_process *process)
{
    struct hn_leaks_member *forker = process->is_fork ? find(leaks, process->parent) : NULL;

    if (!process->is_fork && parent_of(process->pid) == getpid()) {
        member->role = HN_LEAKS_BINARY;
    } else if (forker && forker->role == HN_LEAKS_BINARY) {
        member->role = HN_LEAKS_LANE;
    } else if (forker && forker->role == HN_LEAKS_LANE) {
        member->role = HN_LEAKS_TEST;
        member->test = process->pid;
        forker->test = process->pid;
    } else {
        member->role = HN_LEAKS_CHILD;
        member->test = test_of(leaks, process->pid);
    }
}

static struct hn_leaks_member *add(struct hn_under_leaks *leaks, pid_t pid)
{
    struct hn_leaks_member *known = find(leaks, pid);

    if (!known && leaks->member_count == leaks->member_capacity) {
        leaks->member_capacity = leaks->member_capacity ? leaks->member_capacity * 2 : 64;
        leaks->members =
            pf_mem_resize(leaks->members, leaks->member_capacity, sizeof *leaks->members);
    }
    if (!known)
        known = &leaks->members[leaks->member_count++];
    else
        pf_leaks_fini(&known->found);
    *known = (struct hn_leaks_member){.pid = pid};
    return known;
}

static uint32_t on_joined(void *to, const struct pf_agent_process *process)
{
    struct hn_under_leaks *leaks = to;
    const struct hn_leaks_member *before = find(leaks, process->pid);
    pid_t test = before && !process->is_fork ? before->test : 0; /* of one that did an exec */
    struct hn_leaks_member member = {.pid = process->pid};

    if (test)
        member = (struct hn_leaks_member){process->pid, test, .role = HN_LEAKS_CHILD};
    else
        give_role(leaks, &member, process);
    *add(leaks, process->pid) = member;
    return member.role == HN_LEAKS_TEST || member.role == HN_LEAKS_CHILD ? PF_WELCOME_WAIT : 0;
}

static void on_left(void *to, const struct pf_agent_process *process, const struct pf_leave *leave,
                    int memory_fd)
{
    struct hn_under_leaks *leaks = to;
    struct hn_leaks_member *member = find(leaks, process->pid);
    struct pf_leaks_asker asker = {process, leave, memory_fd, NULL};

    if (!member || !member->test)
        return;
    pf_leaks_fini(&member->found);
    member->is_judged = pf_leaks_asked(&member->found, &asker, &member->err);
}

static void *collect(void *argument)
{
    struct hn_under_leaks *leaks = argument;
    struct pollfd polls[] = {{leaks->host.poll_fd, POLLIN, 0}, {leaks->stop_fd, POLLIN, 0}};

    while (!(polls[1].revents & POLLIN)) {
        (void)poll(polls, 2, TICK_MS);
        (void)pthread_mutex_lock(&leaks->lock);
        pf_agent_host_serve(&leaks->host);
        pf_agent_host_tick(&leaks->host);
        (void)pthread_mutex_unlock(&leaks->lock);
    }
    return NULL;
}

/* Signals stay with the runner's own thread. */
static int start_thread(struct hn_under_leaks *leaks)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&leaks->thread, NULL, collect, leaks);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

bool hn_under_leaks_start(struct hn_under_leaks *leaks, struct pf_err *err)
{
    struct pf_region_sizes sizes = pf_region_sizes_default();

    *leaks = (struct hn_under_leaks){.stop_fd = eventfd(0, EFD_CLOEXEC)};
    if (leaks->stop_fd < 0)
        return pf_err_sys(err, errno, "eventfd");
    if (!pf_agent_find(&leaks->agent, err) || !pf_agent_host_open(&leaks->host, &sizes, err))
        return false;
    leaks->host.visits =
        (struct pf_agent_visits){.to = leaks, .joined = on_joined, .left = on_left};
    leaks->invitation = pf_agent_host_invitation(&leaks->host);
    (void)pthread_mutex_init(&leaks->lock, NULL);
    int error = start_thread(leaks);
    if (error)
        return pf_err_sys(err, error, "a thread for the agents");
    leaks->is_running = true;
    return true;
}

static const char *problem_of(const struct hn_under_leaks *leaks,
                              const struct pf_agent_process *process, struct pf_arena *arena)
{
    int why = process ? process->map_errno : leaks->host.refused_errno;

    if (why)
        return hn_text(arena,
                       "its shared memory cannot be mapped: %s (raise the limit of the address "
                       "space, ulimit -v)",
                       strerror(why));
    if (!process || !process->is_mapped)
        return "it never started in it: linked statically, set-uid, or drops LD_PRELOAD";
    return NULL;
}

const char *hn_under_leaks_problem(struct hn_under_leaks *leaks, pid_t binary,
                                   struct pf_arena *arena, bool *is_blind)
{
    (void)pthread_mutex_lock(&leaks->lock);
    pf_agent_host_serve(&leaks->host); /* that it could map the region may be unheard yet */
    const struct pf_agent_process *process = pf_agent_host_find(&leaks->host, binary);
    const char *problem = problem_of(leaks, process, arena);
    *is_blind = !problem && pf_thread_sum(process->region, PF_COUNT_ALLOCS) == 0;
    (void)pthread_mutex_unlock(&leaks->lock);
    return problem;
}

static void forget(struct hn_under_leaks *leaks, uint32_t index)
{
    pf_agent_host_forget(&leaks->host, leaks->members[index].pid);
    pf_leaks_fini(&leaks->members[index].found);
    leaks->members[index] = leaks->members[--leaks->member_count];
}

void hn_under_leaks_take(struct hn_under_leaks *leaks, struct hn_attempt *attempt,
                         struct pf_arena *arena)
{
    bool is_known = false;

    (void)pthread_mutex_lock(&leaks->lock);
    for (uint32_t i = leaks->member_count; i-- > 0;) {
        struct hn_leaks_member *member = &leaks->members[i];
        if (member->role == HN_LEAKS_LANE || member->test != attempt->pid || attempt->pid <= 0)
            continue;
        const struct pf_agent_process *process = pf_agent_host_find(&leaks->host, member->pid);
        is_known |= member->role == HN_LEAKS_TEST;
        hn_leaks_tell(member, process ? process->exe : "", attempt, arena);
        forget(leaks, i);
    }
    (void)pthread_mutex_unlock(&leaks->lock);
    if (!is_known && attempt->pid > 0)
        hn_attempt_say(attempt, arena, HN_MESSAGE_WARNING, NULL, 0,
                       "memory was not judged: the agent was not in the test's process");
}

void hn_under_leaks_fini(struct hn_under_leaks *leaks)
{
    if (leaks->is_running) {
        (void)!write(leaks->stop_fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)pthread_join(leaks->thread, NULL);
        (void)pthread_mutex_destroy(&leaks->lock);
    }
    for (uint32_t i = 0; i < leaks->member_count; i++)
        pf_leaks_fini(&leaks->members[i].found);
    free(leaks->members);
    pf_agent_host_close(&leaks->host);
    free(leaks->agent);
    free(leaks->invitation);
    if (leaks->stop_fd > 0)
        (void)close(leaks->stop_fd);
    *leaks = (struct hn_under_leaks){0};
}
