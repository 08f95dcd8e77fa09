/* SPDX-License-Identifier: MIT */
#include "profiler/attach/remote_call.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

enum { RED_ZONE_BYTES = 128, STACK_ALIGN = 16, SOON_STEPS = 60, SOON_STEP_NS = 50000 };

static void *as_data(uintptr_t value)
{
    return (void *)value;
}

static bool write_memory(const struct pf_remote *remote, uint64_t addr, const void *from,
                         size_t size)
{
    struct iovec here = {(void *)(uintptr_t)from, size};
    struct iovec there = {(void *)(uintptr_t)addr, size};

    return process_vm_writev(remote->tracee->pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool save_xstate(struct pf_remote *remote)
{
    struct iovec state = {remote->xstate, sizeof remote->xstate};

    if (ptrace(PTRACE_GETREGSET, remote->tracee->tid, as_data(NT_X86_XSTATE), &state) != 0)
        return false;
    remote->xstate_size = state.iov_len;
    return state.iov_len < sizeof remote->xstate;
}

/* All but those that a fault raises: blocking them would reset the server's handlers. */
static uint64_t calling_mask(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    uint64_t mask = ~(uint64_t)0;

    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
        mask &= ~((uint64_t)1 << (faults[i] - 1));
    return mask;
}

bool pf_remote_begin(struct pf_remote *out, struct pf_tracee *tracee, struct pf_err *err)
{
    uint64_t mask = calling_mask();

    out->tracee = tracee;
    out->sp = (tracee->regs.rsp - RED_ZONE_BYTES) & ~(uint64_t)(STACK_ALIGN - 1);
    if (!save_xstate(out)
        || ptrace(PTRACE_GETSIGMASK, tracee->tid, as_data(sizeof out->mask), &out->mask) != 0
        || ptrace(PTRACE_SETSIGMASK, tracee->tid, as_data(sizeof mask), &mask) != 0) {
        out->tracee = NULL;
        return pf_err_sys(err, errno, "thread %d: its state cannot be saved", tracee->tid);
    }
    return true;
}

void pf_remote_end(struct pf_remote *remote)
{
    struct pf_tracee *tracee = remote->tracee;
    struct iovec state = {remote->xstate, remote->xstate_size};

    if (!tracee || !tracee->is_stopped)
        return;
    (void)ptrace(PTRACE_SETREGSET, tracee->tid, as_data(NT_X86_XSTATE), &state);
    (void)ptrace(PTRACE_SETSIGMASK, tracee->tid, as_data(sizeof remote->mask), &remote->mask);
    (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &tracee->regs);
    remote->tracee = NULL;
}

uint64_t pf_remote_text(struct pf_remote *remote, const char *text)
{
    size_t size = strlen(text) + 1;

    if (size > PF_REMOTE_TEXT_MAX)
        return 0;
    uint64_t at = (remote->sp - size) & ~(uint64_t)(STACK_ALIGN - 1);
    if (!write_memory(remote, at, text, size))
        return 0;
    remote->sp = at;
    return at;
}

/* rsp is 16-byte aligned before a call: after it pushed the return address it is 8 off. */
static bool enter(struct pf_remote *remote, uint64_t function, const uint64_t args[2])
{
    struct user_regs_struct regs = remote->tracee->regs;
    uint64_t nowhere = 0;

    regs.rsp = remote->sp - sizeof nowhere;
    regs.rip = function;
    regs.rdi = args[0];
    regs.rsi = args[1];
    regs.rax = 0;
    regs.orig_rax = (unsigned long long)-1; /* no system call to restart */
    regs.eflags &= ~0x400ull;               /* the direction flag, as the ABI wants it */
    return write_memory(remote, regs.rsp, &nowhere, sizeof nowhere)
           && ptrace(PTRACE_SETREGS, remote->tracee->tid, NULL, &regs) == 0
           && ptrace(PTRACE_CONT, remote->tracee->tid, NULL, NULL) == 0;
}

/* Most calls return sooner than a wait in milliseconds would notice: meanwhile the server waits. */
static void await_soon(pid_t tid)
{
    struct timespec pause = {.tv_nsec = SOON_STEP_NS};
    siginfo_t info;

    for (unsigned i = 0; i < SOON_STEPS; i++) {
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0
            || info.si_pid != 0)
            return;
        (void)nanosleep(&pause, NULL);
    }
}

static void put_back(struct pf_remote *remote, const struct pf_tracee *before)
{
    int pending = before->pending_signal;

    remote->tracee->regs = before->regs;
    remote->tracee->pending_signal = pending;
    (void)ptrace(PTRACE_SETREGS, remote->tracee->tid, NULL, &remote->tracee->regs);
}

/* Out of time: it is interrupted where it is, which only a last resort may do. */
static bool give_up(struct pf_remote *remote, struct pf_err *err)
{
    const struct pf_tracee *tracee = remote->tracee;

    pf_tracee_interrupt(tracee);
    (void)pf_tracee_wait_stop(remote->tracee, UINT64_MAX);
    return pf_err_set(err, PF_ERR_LIMIT, "thread %d: the call did not return in time", tracee->tid);
}

bool pf_remote_call(struct pf_remote *remote, uint64_t function, const uint64_t args[2],
                    uint64_t deadline_ns, uint64_t *result, struct pf_err *err)
{
    struct pf_tracee before = *remote->tracee;

    if (!enter(remote, function, args))
        return pf_err_sys(err, errno, "thread %d: cannot be made to call", before.tid);

    remote->tracee->is_stopped = false;
    await_soon(before.tid);
    bool stopped = pf_tracee_wait_stop(remote->tracee, deadline_ns);
    if (!stopped && pf_tracee_is_gone(remote->tracee))
        return pf_err_set(err, PF_ERR_NOT_FOUND, "process %d ended during the call", before.pid);

    bool ok = stopped && remote->tracee->regs.rip == 0;
    if (ok)
        *result = remote->tracee->regs.rax;
    else if (stopped && remote->tracee->pending_signal == 0)
        (void)pf_err_set(err, PF_ERR_LIMIT,
                         "thread %d: it was stopped (SIGSTOP, Ctrl-Z) inside the call", before.tid);
    else if (stopped)
        (void)pf_err_set(err, PF_ERR_SYSTEM, "thread %d: signal %d inside the call", before.tid,
                         remote->tracee->pending_signal);
    else
        (void)give_up(remote, err);
    put_back(remote, &before);
    return ok;
}
