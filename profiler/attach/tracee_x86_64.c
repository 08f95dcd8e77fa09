/* SPDX-License-Identifier: MIT */
#include "profiler/attach/tracee.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"

static const uint64_t collect_ns = 1000000000;

enum { WAIT_STEP_MS = 1, SYSCALL_INSTRUCTION_BYTES = 2, EVENT_SHIFT = 8, SIGNAL_MASK = 0xff };

bool pf_tracee_seize(struct pf_tracee *out, pid_t pid, pid_t tid, struct pf_err *err)
{
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0) {
        *out = (struct pf_tracee){.pid = pid, .tid = tid};
        return true;
    }
    if (errno != EPERM)
        return pf_err_sys(err, errno, "thread %d: ptrace", tid);
    return pf_err_set(err, PF_ERR_DENIED,
                      "thread %d: ptrace is not permitted: it belongs to another user, is traced "
                      "already (gdb, strace), or the machine forbids it "
                      "(/proc/sys/kernel/yama/ptrace_scope, a container's seccomp profile): "
                      "run as root or as its user with CAP_SYS_PTRACE",
                      tid);
}

void pf_tracee_interrupt(const struct pf_tracee *tracee)
{
    (void)ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

/* A stop for a signal, not for our interrupt, holds that signal back: it is owed to the thread. */
static void keep_signal(struct pf_tracee *tracee, int status)
{
    if (status >> EVENT_SHIFT != PTRACE_EVENT_STOP)
        tracee->pending_signal = status & SIGNAL_MASK;
}

bool pf_tracee_is_gone(const struct pf_tracee *tracee)
{
    return pf_proc_is_gone(tracee->pid, tracee->tid);
}

/*
 * The end of a thread we trace is ours to collect, or its process stays a zombie for its parent.
 * Where we are that parent, whoever started the process wants its status: it is left to be waited
 * for.
 */
static int wait_flags(const struct pf_tracee *tracee)
{
    struct pf_proc_stat stat;

    bool is_child = tracee->pid == tracee->tid && pf_proc_stat_read(&stat, tracee->pid, tracee->tid)
                    && stat.parent == getpid();
    return is_child ? WSTOPPED | WNOHANG : WSTOPPED | WEXITED | WNOHANG;
}

/* As wait(2) packs it: 0 while nothing happened, -1 when it has ended. */
static int poll_stop(pid_t tid, int flags)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)tid, &info, flags | __WALL) != 0)
        return -1;
    if (info.si_pid == 0)
        return 0;
    return info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED ? info.si_status : -1;
}

bool pf_tracee_wait_stop(struct pf_tracee *tracee, uint64_t deadline_ns)
{
    int flags = wait_flags(tracee);
    int status;

    while ((status = poll_stop(tracee->tid, flags)) == 0) {
        if (pf_clock_now_ns() >= deadline_ns || pf_tracee_is_gone(tracee))
            return false;
        pf_clock_sleep_ms(WAIT_STEP_MS);
    }
    if (status < 0)
        return false;
    keep_signal(tracee, status);
    tracee->is_stopped = ptrace(PTRACE_GETREGS, tracee->tid, NULL, &tracee->regs) == 0;
    return tracee->is_stopped;
}

long pf_tracee_syscall(const struct pf_tracee *tracee)
{
    return (long)tracee->regs.orig_rax;
}

/* System calls that return EINTR after a stop although no handler ran: signal(7), last section. */
static bool is_never_restarted(long number)
{
    switch (number) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_io_getevents:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_rt_sigtimedwait:
    case SYS_read: /* from inotify and timers with a timeout */
    case SYS_accept:
    case SYS_accept4:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_connect:
        return true;
    default:
        return false;
    }
}

static void reenter_syscall(struct pf_tracee *tracee)
{
    long number = pf_tracee_syscall(tracee);

    if (tracee->regs.rax != (unsigned long long)-EINTR || !is_never_restarted(number))
        return;
    if (tracee->pending_signal)
        return; /* EINTR is what the signal means */
    tracee->regs.rax = (unsigned long long)number;
    tracee->regs.rip -= SYSCALL_INSTRUCTION_BYTES;
    (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &tracee->regs);
}

/* It is being killed: once it is dead it must not stay ours. */
static void collect(const struct pf_tracee *tracee)
{
    uint64_t deadline_ns = pf_clock_now_ns() + collect_ns;
    int flags = wait_flags(tracee);

    if (!(flags & WEXITED))
        return;
    while (poll_stop(tracee->tid, flags) == 0 && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(WAIT_STEP_MS);
}

/* ptrace takes the signal where it takes pointers. */
static void *as_data(int signal_number)
{
    return (void *)(intptr_t)signal_number;
}

void pf_tracee_release(struct pf_tracee *tracee)
{
    if (tracee->is_stopped)
        reenter_syscall(tracee);
    if (ptrace(PTRACE_DETACH, tracee->tid, NULL, as_data(tracee->pending_signal)) != 0)
        collect(tracee);
    tracee->is_stopped = false;
}

void pf_tracee_regs(const struct pf_tracee *tracee, struct pf_regs *out)
{
    const struct user_regs_struct *from = &tracee->regs;

    *out = (struct pf_regs){
        .at = {[PF_REG_RAX] = from->rax,
               [PF_REG_RDX] = from->rdx,
               [PF_REG_RCX] = from->rcx,
               [PF_REG_RBX] = from->rbx,
               [PF_REG_RSI] = from->rsi,
               [PF_REG_RDI] = from->rdi,
               [PF_REG_RBP] = from->rbp,
               [PF_REG_RSP] = from->rsp,
               [PF_REG_R8] = from->r8,
               [PF_REG_R9] = from->r9,
               [PF_REG_R10] = from->r10,
               [PF_REG_R11] = from->r11,
               [PF_REG_R12] = from->r12,
               [PF_REG_R13] = from->r13,
               [PF_REG_R14] = from->r14,
               [PF_REG_R15] = from->r15,
               [PF_REG_PC] = from->rip},
        .known = (1U << PF_REG_COUNT) - 1,
    };
}

bool pf_tracee_read(pid_t pid, uint64_t addr, void *out, size_t size)
{
    struct iovec here = {out, size};
    struct iovec there = {(void *)(uintptr_t)addr, size};

    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool pf_tracee_read_word(void *from, uint64_t addr, uint64_t *word)
{
    const pid_t *pid = from;

    return pf_tracee_read(*pid, addr, word, sizeof *word);
}
