/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_thread.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OWN_STACK_BYTES = 64 * 1024 };

/* A thread inherits its maker's mask, so the maker blocks everything for a moment. */
static int clone_blocked(struct ag_own_thread *thread, int (*body)(void *), void *with)
{
    sigset_t all, kept;
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
                | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    char *top = (char *)thread->stack + thread->stack_bytes;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
    int tid = clone(body, top, flags, with, &thread->tid, NULL, &thread->tid);
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return tid;
}

bool ag_own_thread_start(struct ag_own_thread *thread, int (*body)(void *), void *with)
{
    void *stack = mmap(NULL, OWN_STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (stack == MAP_FAILED)
        return false;
    thread->stack = stack;
    thread->stack_bytes = OWN_STACK_BYTES;
    if (clone_blocked(thread, body, with) > 0)
        return true;
    (void)munmap(stack, OWN_STACK_BYTES);
    thread->stack = NULL;
    return false;
}

void ag_own_thread_join(struct ag_own_thread *thread)
{
    uint32_t tid;

    if (!thread->stack)
        return;
    while ((tid = atomic_load(&thread->tid)) != 0)
        (void)syscall(SYS_futex, &thread->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
    (void)munmap(thread->stack, thread->stack_bytes);
    thread->stack = NULL;
}
