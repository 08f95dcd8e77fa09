/* SPDX-License-Identifier: MIT */
#include "profiler/session/leak_check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/leak/leak_suppress.h"
#include "profiler/session/leak_check_priv.h"
#include "profiler/symbol/symbolize.h"
#include "profiler/trace/region_threads.h"

enum {
    TICK_MS = 50,
    PATIENCE = 3, /* the third request to end is an order: SIGKILL, and the report follows */
};

static const int PASSED_ON[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};

/* The signals we want to read instead of being interrupted by. The command starts with none of them
 * blocked: spawn resets the mask. */
static bool catch_signals(struct pf_check *check, struct pf_err *err)
{
    sigset_t wanted;

    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGCHLD);
    for (unsigned i = 0; i < sizeof PASSED_ON / sizeof *PASSED_ON; i++)
        if (!(pf_spawn_ignored_now() >> (PASSED_ON[i] - 1) & 1)) /* nohup */
            (void)sigaddset(&wanted, PASSED_ON[i]);
    (void)sigprocmask(SIG_BLOCK, &wanted, &check->old_mask);
    check->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    return check->signal_fd >= 0 || pf_err_sys(err, errno, "signalfd");
}

static void count_lost(struct pf_leaks *leaks, const struct pf_region *region)
{
    leaks->allocations += pf_thread_sum(region, PF_COUNT_ALLOCS);
    leaks->lost_events += pf_thread_sum(region, PF_COUNT_DROPPED)
                          + atomic_load(&((struct pf_region *)(uintptr_t)region)->stacks_dropped);
}

/* Its malloc is the program's own, and never once asked ours. */
static bool is_bypassed(const struct pf_leaks_image *image, const struct pf_agent_process *process,
                        enum pf_stranger_why *why)
{
    return image->blocks.count == 0 && pf_thread_sum(process->region, PF_COUNT_ALLOCS) == 0
           && pf_leak_has_own_malloc(process->pid, why);
}

/* Everything the judgement of an image adds to the result. */
static void take_in(struct pf_check *check, const struct pf_agent_process *process,
                    struct pf_leaks_image *image)
{
    pf_leaks_image_judge(image);
    pf_leaks_fold(&check->parts, &check->leaks, &image->blocks, process->region,
                  (uint32_t)((pf_clock_now_ns() - process->start_ns) / 1000000));
    count_lost(&check->leaks, process->region);
    check->doubts.unread_bytes += image->doubts.unread_bytes;
    check->doubts.strange_blocks += image->doubts.strange_blocks;
    check->leaks.process_count++;
}

/* Copying is the pause; judging follows while it is still held only because nobody waits for a
 * process that has ended. */
void pf_check_judge(struct pf_check *check, const struct pf_agent_process *process, int memory_fd,
                    struct pf_leaks_threads *threads)
{
    const struct pf_leaks_held held = {process->pid, memory_fd, process->region};
    struct pf_leaks_image image = {0};
    struct pf_err err = {0};
    enum pf_stranger_why why;
    uint64_t began_ns = pf_clock_now_ns();

    if (!pf_leaks_image_take(&image, &held, threads, &err)) {
        pf_leaks_threads_fini(threads);
        check->incomplete++;
        return;
    }
    double pause_ms = (double)(pf_clock_now_ns() - began_ns) / 1e6;
    if (pause_ms > check->leaks.pause_ms)
        check->leaks.pause_ms = pause_ms;
    if (is_bypassed(&image, process, &why))
        pf_leak_strangers_add_known(&check->strangers, process->pid, why);
    else
        take_in(check, process, &image);
    pf_leaks_image_fini(&image);
}

static void judge_held(struct pf_check *check, const struct pf_agent_process *process,
                       const struct pf_follow_ended *ended)
{
    struct pf_leaks_threads threads = {0};

    check->incomplete += !ended->is_whole;
    pf_leaks_threads_read(&threads, ended->tids, ended->count);
    pf_check_judge(check, process, -1, &threads);
}

/* A process is held at its end by ptrace. Nothing is kept of it: its number may come again. A fork
 * that never called is no program of its own: a child of vfork, or a stranger's. */
static void process_ended(void *to, const struct pf_follow_ended *ended)
{
    struct pf_check *check = to;
    pf_agent_host_serve(&check->host); /* what it said last may not have been heard yet */
    const struct pf_agent_process *process = pf_agent_host_find(&check->host, ended->pid);

    if (process && process->is_mapped) {
        judge_held(check, process, ended);
        pf_agent_host_forget(&check->host, ended->pid);
    } else if (process) {
        pf_leak_strangers_add_known(&check->strangers, ended->pid, PF_STRANGER_UNMAPPED);
    } else if (ended->did_exec) {
        pf_leak_strangers_add(&check->strangers, ended->pid);
    }
}

/* What the former program allocated is gone with its memory and was not lost. */
static void process_execed(void *to, pid_t pid)
{
    struct pf_check *check = to;

    pf_agent_host_serve(&check->host);
    pf_agent_host_forget(&check->host, pid);
}

static bool asks_to_end(uint32_t signal)
{
    return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP;
}

static void pass_signals_on(struct pf_check *check)
{
    struct signalfd_siginfo info;

    while (read(check->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        check->asked_to_end += asks_to_end(info.ssi_signo);
        if (check->asked_to_end >= PATIENCE)
            pf_check_kill_all(check);
        else
            pf_check_pass_signal(check, (int)info.ssi_signo, info.ssi_code > 0);
    }
}

/* What a process said last may be there to be heard after its end. */
static bool goes_on(struct pf_check *check)
{
    struct pollfd unheard = {.fd = check->host.poll_fd, .events = POLLIN};

    if (!check->is_asking)
        return pf_follow_serve(&check->follow);
    return pf_check_asked_runs(check) || poll(&unheard, 1, 0) > 0;
}

static void watch_until_all_ended(struct pf_check *check)
{
    struct pollfd fds[] = {{.fd = check->signal_fd, .events = POLLIN},
                           {.fd = check->host.poll_fd, .events = POLLIN}};

    while (goes_on(check)) {
        (void)poll(fds, 2, TICK_MS);
        pass_signals_on(check);
        pf_agent_host_serve(&check->host);
        pf_agent_host_tick(&check->host);
    }
    if (check->is_asking)
        return;
    check->child.reaped = true;
    check->child.wait_status = check->follow.root_status;
}

/* Held by ptrace at its end; where that is not permitted, it asks. */
static bool watch_end(struct pf_check *check, struct pf_err *err)
{
    const struct pf_follow_owner owner = {check, process_ended, process_execed};
    struct pf_err why = {0};

    if (pf_follow_begin(&check->follow, check->child.pid, &owner, &why))
        return true;
    if (why.code == PF_ERR_DENIED) {
        pf_check_ask(check);
        return true;
    }
    *err = why;
    return false;
}

static void write_command(struct pf_leaks *leaks, char *const *argv)
{
    size_t at = 0;

    for (; *argv && at + 1 < sizeof leaks->command; argv++) {
        int size =
            snprintf(leaks->command + at, sizeof leaks->command - at, "%s%s", at ? " " : "", *argv);
        at += size > 0 ? (size_t)size : 0;
    }
}

static bool start(struct pf_check *check, char *const *argv, struct pf_err *err)
{
    struct pf_spawn spec = {.argv = argv,
                            .keep_stdin = true,
                            .same_group = true,
                            .hold = true,
                            .ignored = pf_spawn_ignored_now()};

    check->invitation = pf_agent_host_invitation(&check->host);
    check->preload = pf_agent_preload(check->agent);
    spec.env[0] = check->invitation;
    spec.env[1] = check->preload;
    if (!pf_child_start(&check->child, &spec, err))
        return false;
    if (!watch_end(check, err)) {
        (void)kill(check->child.pid, SIGKILL);
        return false;
    }
    return pf_child_release(&check->child, err) || pf_err_prepend(err, "%s", argv[0]);
}

static bool run(struct pf_check *check, const struct pf_leak_check *spec, struct pf_err *err)
{
    struct pf_region_sizes sizes = pf_region_sizes_default();
    struct pf_symbolize symbolize = {0};
    struct pf_symbolize_stats stats = {0};
    struct pf_leak_suppress none = {0};
    uint64_t began_ns = pf_clock_now_ns();

    if (!pf_agent_find(&check->agent, err) || !pf_agent_host_open(&check->host, &sizes, err)
        || !catch_signals(check, err) || !start(check, spec->argv, err))
        return false;
    watch_until_all_ended(check);

    struct pf_leaks *leaks = &check->leaks;
    write_command(leaks, spec->argv);
    (void)snprintf(leaks->engine, sizeof leaks->engine, "agent");
    leaks->pid = check->child.pid;
    leaks->exit_status = pf_child_exit_status(&check->child);
    leaks->duration_s = (double)(pf_clock_now_ns() - began_ns) / 1e9;
    if (!pf_check_coverage(check, spec->argv[0], err)
        || !pf_symbolize(&leaks->profile, &symbolize, &stats, err))
        return false;
    pf_leaks_settle(leaks, &check->parts, spec->suppress ? spec->suppress : &none);
    return true;
}

bool pf_leak_check_run(struct pf_leaks *out, const struct pf_leak_check *spec, struct pf_err *err)
{
    struct pf_check check = {.signal_fd = -1, .host = {.listen_fd = -1, .poll_fd = -1}};

    pf_leaks_init(&check.leaks);
    bool ok = run(&check, spec, err);
    if (ok)
        pf_leaks_move(out, &check.leaks);

    if (check.child.pid > 0 && !check.child.reaped)
        (void)pf_child_wait(&check.child, UINT64_MAX);
    pf_follow_end_all(&check.follow);
    pf_child_fini(&check.child);
    pf_leaks_fini(&check.leaks);
    pf_leaks_parts_fini(&check.parts);
    pf_agent_host_close(&check.host);
    pf_pid_list_fini(&check.asked);
    if (check.signal_fd >= 0) {
        (void)close(check.signal_fd);
        (void)sigprocmask(SIG_SETMASK, &check.old_mask, NULL);
    }
    free(check.agent);
    free(check.invitation);
    free(check.preload);
    return ok;
}
