/*
 * A thread of the agent's own inside the server, made without the C library's help.
 *
 * pthread_create would allocate from the server's heap. This one is a bare clone on memory mapped
 * for it: no TLS (it shares its maker's and must not touch it: no errno, no hooks), all signals
 * blocked, only raw system calls.
 *
 * Context: target.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CPU_THREAD_H
#define PROFILER_AGENT_CPU_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ag_own_thread {
    void *stack;
    size_t stack_bytes;
    _Atomic uint32_t tid; /* 0 once it has ended: the kernel clears it and wakes who waits */
};

bool ag_own_thread_start(struct ag_own_thread *thread, int (*body)(void *), void *with);

/* Wait for its end and unmap its stack. */
void ag_own_thread_join(struct ag_own_thread *thread);

#endif
