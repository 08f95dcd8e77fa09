/*
 * System calls that touch nothing of the C library: no errno, no cancellation, no lock.
 *
 * For the agent's own thread, which runs on another thread's TLS (cpu_thread.h) and so has no errno
 * of its own.
 *
 * Returns:  what the kernel returns: -errno on failure.
 * Context:  signal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_RAW_CALL_X86_64_H
#define PROFILER_AGENT_RAW_CALL_X86_64_H

#include <stdint.h>

static inline long ag_raw_call(long number, const uintptr_t args[6])
{
    long result;
    register uintptr_t r10 __asm__("r10") = args[3];
    register uintptr_t r8 __asm__("r8") = args[4];
    register uintptr_t r9 __asm__("r9") = args[5];

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* Arguments not given are 0. */
#define AG_RAW_CALL(number, ...) ag_raw_call((number), (const uintptr_t[6]){__VA_ARGS__})

#endif
