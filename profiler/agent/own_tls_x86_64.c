/* SPDX-License-Identifier: MIT */
#include "profiler/agent/own_tls.h"

#include <stdint.h>

/*
 * The head of a thread's control block, as compilers and C libraries agreed: the thread pointer
 * points to itself (x86-64 psABI, TLS), the stack guard stands at 0x28 (gcc and clang,
 * -fstack-protector), glibc's pointer guard after it.
 */
enum {
    HEAD_BYTES = 4096,
    SELF_WORD = 0,
    SELF_AGAIN_WORD = 2,
    GUARD_WORD = 5,
    POINTER_GUARD_WORD = 6
};

void *ag_own_tls_lay(void *memory)
{
    const uintptr_t *makers = __builtin_thread_pointer();
    uintptr_t *head = (uintptr_t *)((char *)memory + AG_OWN_TLS_BYTES - HEAD_BYTES);

    head[SELF_WORD] = (uintptr_t)head;
    head[SELF_AGAIN_WORD] = (uintptr_t)head;
    head[GUARD_WORD] = makers[GUARD_WORD];
    head[POINTER_GUARD_WORD] = makers[POINTER_GUARD_WORD];
    return head;
}
