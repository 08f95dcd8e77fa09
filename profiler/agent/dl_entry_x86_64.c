/*
 * dlopen's entry: keeps its arguments and return address intact, so that it can jump to the
 * loader's dlopen as if we had never been called.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "profiler/agent/dl_next.h"

void *ag_dlopen_target(const char *file, int mode, const void *caller);

/* Where the call goes on. Called from the entry below. */
__attribute__((used)) void *ag_dlopen_target(const char *file, int mode, const void *caller)
{
    (void)mode;
    if (!ag_dl_next.dlopen)
        ag_dl_next_resolve();
    if (ag_dlopen_needs_caller(file, caller))
        return (void *)(uintptr_t)ag_dl_next.dlopen;
    return (void *)(uintptr_t)ag_dlopen_and_look;
}

__asm__(".text\n"
        ".globl dlopen\n"
        ".type dlopen, @function\n"
        "dlopen:\n"
        ".cfi_startproc\n"
        "    pushq %rdi\n"
        ".cfi_adjust_cfa_offset 8\n"
        "    pushq %rsi\n"
        ".cfi_adjust_cfa_offset 8\n"
        "    movq 16(%rsp), %rdx\n"
        "    subq $8, %rsp\n"
        ".cfi_adjust_cfa_offset 8\n"
        "    call ag_dlopen_target\n"
        "    addq $8, %rsp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "    popq %rsi\n"
        ".cfi_adjust_cfa_offset -8\n"
        "    popq %rdi\n"
        ".cfi_adjust_cfa_offset -8\n"
        "    jmp *%rax\n"
        ".cfi_endproc\n"
        ".size dlopen, .-dlopen\n");
