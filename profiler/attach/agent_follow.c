/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

enum { EVENT_SHIFT = 16, EXIT_SIGNAL_MASK = 0x7f };

enum {
    OPTIONS = PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK
              | PTRACE_O_TRACEEXEC,
};

static const uint64_t HOLD_MAX_NS = 2000000000; /* a thread in the kernel that does not come */

static struct pf_followed *find(const struct pf_follow *follow, pid_t tid)
{
    uint32_t at = pf_tid_map_find(&follow->index, tid);
    return at == PF_TID_NONE ? NULL : &follow->threads[at];
}

/* The process a thread belongs to: "Tgid:" of its status; itself if it cannot be read. */
static pid_t process_of(pid_t tid)
{
    char path[64];
    char text[1024];
    int pid;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    if (!pf_proc_read_text(path, text, sizeof text))
        return tid;
    const char *line = strstr(text, "\nTgid:");
    return line && sscanf(line, " Tgid: %d", &pid) == 1 ? (pid_t)pid : tid;
}

static struct pf_followed *add(struct pf_follow *follow, pid_t tid)
{
    if (follow->count == follow->capacity) {
        follow->capacity = follow->capacity ? follow->capacity * 2 : 64;
        follow->threads = pf_mem_resize(follow->threads, follow->capacity, sizeof *follow->threads);
    }
    pf_tid_map_put(&follow->index, tid, follow->count);
    struct pf_followed *thread = &follow->threads[follow->count++];
    *thread = (struct pf_followed){.tid = tid, .pid = process_of(tid)};
    return thread;
}

static void forget(struct pf_follow *follow, pid_t tid)
{
    uint32_t at = pf_tid_map_find(&follow->index, tid);
    if (at == PF_TID_NONE)
        return;

    pf_tid_map_remove(&follow->index, tid);
    follow->threads[at] = follow->threads[--follow->count];
    if (at < follow->count) {
        pf_tid_map_remove(&follow->index, follow->threads[at].tid);
        pf_tid_map_put(&follow->index, follow->threads[at].tid, at);
    }
}

bool pf_follow_begin(struct pf_follow *out, pid_t pid, const struct pf_follow_owner *owner,
                     struct pf_err *err)
{
    /* Not its end yet: an exec that fails must end it without our help. */
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(intptr_t)PTRACE_O_TRACEEXEC) != 0)
        return pf_err_sys(err, errno,
                          "the command's end cannot be watched: ptrace of a child is not permitted "
                          "here (container without CAP_SYS_PTRACE, or "
                          "/proc/sys/kernel/yama/ptrace_scope is 2 or more)");
    *out = (struct pf_follow){.owner = *owner, .root = pid};
    (void)add(out, pid);
    return true;
}

static void resume(pid_t tid, int signal)
{
    (void)ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)signal);
}

/* Threads held at their end go on; all of a process, as its memory is about to go or has been
 * read. */
static void resume_held(struct pf_follow *follow, pid_t pid)
{
    for (uint32_t i = 0; i < follow->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no count without threads */
        if (follow->threads[i].pid == pid && follow->threads[i].is_held) {
            follow->threads[i].is_held = false;
            resume(follow->threads[i].tid, 0);
        }
}

/* Is a thread inside execve? Then its siblings end, but not the process. */
static bool is_in_exec(pid_t pid, pid_t tid)
{
    char path[64];
    char text[256];
    int number;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    return pf_proc_read_text(path, text, sizeof text) && sscanf(text, "%d", &number) == 1
           && (number == SYS_execve || number == SYS_execveat);
}

struct ending {
    struct pf_pid_list held;
    uint32_t awaited; /* threads that have not come to their end yet */
    bool is_exec;
};

static void survey(const struct pf_follow *follow, pid_t pid, struct ending *out)
{
    struct pf_pid_list all = {0};

    (void)pf_proc_threads(&all, pid);
    for (uint32_t i = 0; i < all.count; i++) {
        const struct pf_followed *thread = find(follow, all.at[i]);
        if (thread && thread->is_held) {
            pf_pid_list_add(&out->held, all.at[i]);
        } else if (!pf_proc_is_gone(pid, all.at[i])) {
            out->awaited++;
            out->is_exec |= is_in_exec(pid, all.at[i]);
        }
    }
    pf_pid_list_fini(&all);
}

static void tell_end(const struct pf_follow *follow, pid_t pid, const struct ending *ending)
{
    const struct pf_followed *leader = find(follow, pid);
    const struct pf_follow_ended ended = {.pid = pid,
                                          .tids = ending->held.at,
                                          .count = ending->held.count,
                                          .is_whole = ending->awaited == 0,
                                          .did_exec = leader && leader->did_exec};

    follow->owner.ended(follow->owner.to, &ended);
}

/* If all that is left of a process is held, tell the owner and let it end. */
static void try_to_end(struct pf_follow *follow, pid_t pid, bool is_late)
{
    struct ending ending = {0};

    survey(follow, pid, &ending);
    if (ending.held.count > 0 && !ending.is_exec && (ending.awaited == 0 || is_late))
        tell_end(follow, pid, &ending);
    if (ending.is_exec || ending.awaited == 0 || is_late)
        resume_held(follow, pid);
    pf_pid_list_fini(&ending.held);
}

/* Does anybody else of its process live? The first thread, mostly: with thousands that end
 * together, to look at all of them for each is not to be afforded. */
static bool has_company(const struct pf_followed *thread)
{
    struct pf_pid_list all = {0};
    bool found = thread->tid != thread->pid && !pf_proc_is_gone(thread->pid, thread->pid);

    if (found)
        return true;
    (void)pf_proc_threads(&all, thread->pid);
    for (uint32_t i = 0; i < all.count && !found; i++)
        found = all.at[i] != thread->tid && !pf_proc_is_gone(thread->pid, all.at[i]);
    pf_pid_list_fini(&all);
    return found;
}

/* Only the thread ends, by exit(2), and others of its process live on. */
static bool ends_alone(const struct pf_followed *thread)
{
    struct user_regs_struct regs = {0};
    unsigned long code = 0;

    (void)ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &code);
    if ((code & EXIT_SIGNAL_MASK) != 0 || ptrace(PTRACE_GETREGS, thread->tid, NULL, &regs) != 0
        || regs.orig_rax != SYS_exit)
        return false;
    return has_company(thread);
}

static void thread_at_end(struct pf_follow *follow, struct pf_followed *thread)
{
    if (ends_alone(thread)) {
        resume(thread->tid, 0);
        return;
    }
    thread->is_held = true;
    thread->held_since_ns = pf_clock_now_ns();
    try_to_end(follow, thread->pid, false);
}

/* After exec the process goes by the leader's id whichever thread did it. */
static void thread_did_exec(struct pf_follow *follow, struct pf_followed *thread)
{
    unsigned long former = 0;
    pid_t tid = thread->tid;

    thread->did_exec = true;
    (void)ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
    if (former != 0 && (pid_t)former != tid)
        forget(follow, (pid_t)former);
    follow->owner.execed(follow->owner.to, tid);
    (void)ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(intptr_t)OPTIONS);
    resume(tid, 0);
}

/* A birth is told by the parent and by the child's own first stop, in any order. It counts from the
 * first of them: of a daemon's parents none may be left when the child's comes. One that was born,
 * seen and has ended in between is no longer ours to wait for. */
static void thread_gave_birth(struct pf_follow *follow, pid_t parent)
{
    unsigned long child = 0;
    siginfo_t unused;

    if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) == 0 && !find(follow, (pid_t)child)
        && waitid(P_PID, (id_t)child, &unused, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL)
               == 0)
        (void)add(follow, (pid_t)child);
    resume(parent, 0);
}

static void stopped(struct pf_follow *follow, pid_t tid, int status)
{
    struct pf_followed *thread = find(follow, tid);
    int signal = WSTOPSIG(status);

    if (!thread)
        thread = add(follow, tid);
    switch (status >> EVENT_SHIFT) {
    case 0:
        resume(tid, signal);
        break;
    case PTRACE_EVENT_EXIT:
        thread_at_end(follow, thread);
        break;
    case PTRACE_EVENT_EXEC:
        thread_did_exec(follow, thread);
        break;
    case PTRACE_EVENT_STOP:
        if (signal == SIGTRAP)
            resume(tid, 0);
        else
            (void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
        break;
    default:
        thread_gave_birth(follow, tid);
        break;
    }
}

static void ended(struct pf_follow *follow, pid_t tid, int status)
{
    struct pf_followed *thread = find(follow, tid);
    pid_t pid = thread ? thread->pid : tid;

    forget(follow, tid);
    if (tid == follow->root) {
        follow->root_status = status;
        follow->root_ended = true;
    }
    for (uint32_t i = 0; i < follow->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no count without threads */
        if (follow->threads[i].pid == pid && follow->threads[i].is_held) {
            try_to_end(follow, pid, false);
            return;
        }
}

static void end_the_late(struct pf_follow *follow)
{
    uint64_t now = pf_clock_now_ns();

    for (uint32_t i = 0; i < follow->count; i++)
        if (follow->threads[i].is_held && now - follow->threads[i].held_since_ns > HOLD_MAX_NS)
            try_to_end(follow, follow->threads[i].pid, true);
}

bool pf_follow_serve(struct pf_follow *follow)
{
    int status;
    pid_t tid;

    while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
        if (WIFSTOPPED(status))
            stopped(follow, tid, status);
        else
            ended(follow, tid, status);
    }
    end_the_late(follow);
    return follow->count > 0;
}

void pf_follow_end_all(struct pf_follow *follow)
{
    for (uint32_t i = 0; i < follow->count; i++)
        if (follow->threads[i].is_held)
            (void)ptrace(PTRACE_DETACH, follow->threads[i].tid, NULL, NULL);
    free(follow->threads);
    pf_tid_map_fini(&follow->index);
    *follow = (struct pf_follow){0};
}
