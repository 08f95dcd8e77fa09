/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_thread.h"

#include <limits.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/agent/own_tls.h"
#include "profiler/agent/raw_call_x86_64.h"

enum { OWN_STACK_BYTES = 64 * 1024, OWN_BYTES = OWN_STACK_BYTES + AG_OWN_TLS_BYTES };

/* A thread inherits its maker's mask, so the maker blocks everything for a moment. */
static int clone_blocked(struct ag_own_thread *thread, int (*body)(void *), void *with)
{
    sigset_t all, kept;
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
                | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    char *top = (char *)thread->memory + OWN_STACK_BYTES;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
    int tid = clone(body, top, flags, with, &thread->tid, ag_own_tls_lay(top), &thread->tid);
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return tid;
}

bool ag_own_thread_start(struct ag_own_thread *thread, int (*body)(void *), void *with)
{
    void *memory =
        mmap(NULL, OWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return false;
    thread->memory = memory;
    if (clone_blocked(thread, body, with) > 0)
        return true;
    (void)munmap(memory, OWN_BYTES);
    thread->memory = NULL;
    return false;
}

bool ag_own_thread_unshare_fds(void)
{
    return AG_RAW_CALL(SYS_close_range, 0, UINT_MAX, CLOSE_RANGE_UNSHARE) == 0;
}

void ag_own_thread_forget(struct ag_own_thread *thread)
{
    if (thread->memory)
        (void)munmap(thread->memory, OWN_BYTES);
    thread->memory = NULL;
    atomic_store(&thread->tid, 0);
}

void ag_own_thread_join(struct ag_own_thread *thread)
{
    uint32_t tid;

    if (!thread->memory)
        return;
    while ((tid = atomic_load(&thread->tid)) != 0)
        (void)syscall(SYS_futex, &thread->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
    ag_own_thread_forget(thread);
}
