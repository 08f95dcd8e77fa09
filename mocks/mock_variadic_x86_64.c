/*
 * The way through a variadic wrapper: keep the registers, ask, then hand all of them on.
 *
 * In: r11 points to struct mk_variadic. The stack of the caller is untouched, so stack arguments
 * are where the real function expects them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/mock_priv.h"

/* clang-format off */
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".globl mk_variadic_enter\n"
    ".hidden mk_variadic_enter\n"
    ".type mk_variadic_enter, @function\n"
    "mk_variadic_enter:\n"
    "    .cfi_startproc\n"
    "    movq 0(%r11), %r10\n"          /* armed? */
    "    cmpl $0, (%r10)\n"
    "    jne 1f\n"
    "    movq 16(%r11), %r11\n"
    "    jmpq *(%r11)\n"
    "1:  pushq %rbp\n"
    "    .cfi_def_cfa_offset 16\n"
    "    .cfi_offset %rbp, -16\n"
    "    movq %rsp, %rbp\n"
    "    .cfi_def_cfa_register %rbp\n"
    "    subq $192, %rsp\n"             /* struct mk_registers */
    "    movq %rdi, 0(%rsp)\n"
    "    movq %rsi, 8(%rsp)\n"
    "    movq %rdx, 16(%rsp)\n"
    "    movq %rcx, 24(%rsp)\n"
    "    movq %r8, 32(%rsp)\n"
    "    movq %r9, 40(%rsp)\n"
    "    movq %rax, 48(%rsp)\n"         /* al: how many xmm registers are used */
    "    movups %xmm0, 64(%rsp)\n"
    "    movups %xmm1, 80(%rsp)\n"
    "    movups %xmm2, 96(%rsp)\n"
    "    movups %xmm3, 112(%rsp)\n"
    "    movups %xmm4, 128(%rsp)\n"
    "    movups %xmm5, 144(%rsp)\n"
    "    movups %xmm6, 160(%rsp)\n"
    "    movups %xmm7, 176(%rsp)\n"
    "    movq %rsp, %rdi\n"
    "    movq 8(%rbp), %rsi\n"          /* the caller */
    "    call *8(%r11)\n"
    "    testq %rax, %rax\n"
    "    jz 2f\n"
    "    movq %rax, %r11\n"
    "    movq 0(%rsp), %rdi\n"
    "    movq 8(%rsp), %rsi\n"
    "    movq 16(%rsp), %rdx\n"
    "    movq 24(%rsp), %rcx\n"
    "    movq 32(%rsp), %r8\n"
    "    movq 40(%rsp), %r9\n"
    "    movq 48(%rsp), %rax\n"
    "    movups 64(%rsp), %xmm0\n"
    "    movups 80(%rsp), %xmm1\n"
    "    movups 96(%rsp), %xmm2\n"
    "    movups 112(%rsp), %xmm3\n"
    "    movups 128(%rsp), %xmm4\n"
    "    movups 144(%rsp), %xmm5\n"
    "    movups 160(%rsp), %xmm6\n"
    "    movups 176(%rsp), %xmm7\n"
    "    leave\n"
    "    .cfi_remember_state\n"
    "    .cfi_def_cfa %rsp, 8\n"
    "    jmpq *%r11\n"
    "2:  .cfi_restore_state\n"
    "    movq 0(%rsp), %rax\n"          /* the answer */
    "    movups 64(%rsp), %xmm0\n"
    "    leave\n"
    "    .cfi_def_cfa %rsp, 8\n"
    "    ret\n"
    "    .cfi_endproc\n"
    ".size mk_variadic_enter, . - mk_variadic_enter\n");
/* clang-format on */

_Static_assert(sizeof(struct mk_registers) == 192, "the assembler above counts on it");
_Static_assert(offsetof(struct mk_variadic, decide) == 8, "the assembler above counts on it");
_Static_assert(offsetof(struct mk_variadic, real) == 16, "the assembler above counts on it");
