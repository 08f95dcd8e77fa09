/*
 * A thread of the agent's own inside the server, made without the C library's help.
 *
 * pthread_create would allocate from the server's heap. This one is a bare clone on memory mapped
 * for it, with bare thread-local storage of its own (own_tls.h), so that it outlives its maker: all
 * signals blocked, raw system calls, and of the C library only what touches no errno (the library's
 * variables may lie deeper than that storage reaches).
 *
 * Context: target.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_THREAD_H
#define PROFILER_AGENT_CPU_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ag_own_thread {
    void *memory;         /* stack and thread-local storage */
    _Atomic uint32_t tid; /* 0 once it has ended: the kernel clears it and wakes who waits */
};

bool ag_own_thread_start(struct ag_own_thread *thread, int (*body)(void *), void *with);

/*
 * By the thread itself: an empty table of descriptors of its own. One that two threads share makes
 * the kernel count every use of every descriptor, which a server of one thread would pay for; and
 * what this thread opens takes no number away from the server. A kernel before 5.9 cannot: false.
 */
bool ag_own_thread_unshare_fds(void);

/* Wait for its end and unmap its memory. */
void ag_own_thread_join(struct ag_own_thread *thread);

/* In a fork's child, where the thread is not: unmap its memory. */
void ag_own_thread_forget(struct ag_own_thread *thread);

#endif
