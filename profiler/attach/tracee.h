/*
 * One thread of somebody else's process, stopped for a moment by ptrace and let go unharmed.
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT: no SIGSTOP is sent, a stopped process stays stopped, and
 * should we be killed the kernel lets the thread go. Two debts of such a stop are paid back on
 * release: a signal that arrived meanwhile is delivered, and a system call that never restarts by
 * itself (epoll_wait, poll, select ... return EINTR after any stop, signal(7)) is entered again, so
 * that the server sees neither. Its timeout starts anew.
 *
 * Context: host; all calls for a tracee come from the thread that stopped it (ptrace(2)).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_TRACEE_H
#define PROFILER_ATTACH_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "profiler/base/err.h"
#include "profiler/trace/regs.h"

struct pf_tracee {
    pid_t pid, tid; /* the process, and its thread */
    bool is_stopped;
    int pending_signal; /* arrived while we held it; delivered on release */
    struct user_regs_struct regs;
};

/*
 * Attach to a thread without stopping it. PF_ERR_DENIED says which rule of the machine forbids it
 * (user, Yama, container) and what would help; PF_ERR_NOT_FOUND: it has ended.
 */
ASSAY_CHECKED
bool pf_tracee_seize(struct pf_tracee *out, pid_t pid, pid_t tid, struct pf_err *err);

/* Ask it to stop; returns at once, so that many can be asked before any is waited for. */
void pf_tracee_interrupt(const struct pf_tracee *tracee);

/* Wait for the stop until deadline_ns and read its registers. False: it ended, or was not in time.
 */
bool pf_tracee_wait_stop(struct pf_tracee *tracee, uint64_t deadline_ns);

/* Has it ended (or its process)? */
bool pf_tracee_is_gone(const struct pf_tracee *tracee);

/* Let it run on as if nothing had happened. Safe on one that ended. */
void pf_tracee_release(struct pf_tracee *tracee);

/* The number of the system call it is blocked in, or -1. Only while stopped. */
long pf_tracee_syscall(const struct pf_tracee *tracee);

/* All general registers, known. Only while stopped. */
void pf_tracee_regs(const struct pf_tracee *tracee, struct pf_regs *out);

/* Memory of a process by process_vm_readv: true if all of size was read. */
bool pf_tracee_read(pid_t pid, uint64_t addr, void *out, size_t size);

/* The same as a struct pf_memory reads words; from points to a pid_t. */
bool pf_tracee_read_word(void *from, uint64_t addr, uint64_t *word);

#endif
