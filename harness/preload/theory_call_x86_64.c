/*
 * System V AMD64 ABI 3.2.3: six integers and eight floats in registers, the rest on the stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness/preload/theory_call.h"

#include <stdbool.h>
#include <string.h>

static void push(struct hn_call *call, uint64_t word)
{
    if (call->stack_count < HN_CALL_STACK)
        call->stack[call->stack_count++] = word;
}

/* Narrow integers are sign-extended: a callee may rely on neither, and zero bits would be as good.
 */
static uint64_t load_integer(const void *value, size_t size)
{
    uint64_t word = 0;

    if (size > 8 || (size & (size - 1)) != 0 || size == 0)
        return (uintptr_t)value;
    memcpy(&word, value, size);
    unsigned shift = 64 - 8 * (unsigned)size;
    return (uint64_t)((int64_t)(word << shift) >> shift);
}

void hn_call_integer(struct hn_call *call, const void *value, size_t size)
{
    uint64_t word = load_integer(value, size);

    if (call->integer_count < HN_CALL_INTEGERS)
        call->integers[call->integer_count++] = word;
    else
        push(call, word);
}

void hn_call_floating(struct hn_call *call, const void *value, size_t size)
{
    uint64_t words[2] = {0, 0};

    memcpy(words, value, size < sizeof words ? size : sizeof words);
    if (size > 8) { /* long double: class MEMORY, 16 bytes, aligned to 16 */
        if (call->stack_count & 1)
            push(call, 0);
        push(call, words[0]);
        push(call, words[1]);
    } else if (call->float_count < HN_CALL_FLOATS) {
        call->floats[call->float_count++] = words[0];
    } else {
        push(call, words[0]);
    }
}

/*
 * rdi: call, rsi: function. Copies the stack words (an even number, so that rsp stays aligned),
 * loads the registers, calls. al is the number of vector registers, for variadic callees.
 */
__asm__(".text\n"
        ".globl hn_call_make\n"
        ".hidden hn_call_make\n"
        ".type hn_call_make, @function\n"
        "hn_call_make:\n"
        ".cfi_startproc\n"
        "    pushq %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "    movq %rdi, %r10\n"
        "    movq %rsi, %r11\n"
        "    movq 384(%r10), %rcx\n"
        "    leaq 1(%rcx), %rax\n"
        "    andq $-2, %rax\n"
        "    shlq $3, %rax\n"
        "    subq %rax, %rsp\n"
        "    leaq 112(%r10), %rsi\n"
        "    movq %rsp, %rdi\n"
        "    rep movsq\n"
        "    movq 48(%r10), %xmm0\n"
        "    movq 56(%r10), %xmm1\n"
        "    movq 64(%r10), %xmm2\n"
        "    movq 72(%r10), %xmm3\n"
        "    movq 80(%r10), %xmm4\n"
        "    movq 88(%r10), %xmm5\n"
        "    movq 96(%r10), %xmm6\n"
        "    movq 104(%r10), %xmm7\n"
        "    movq 0(%r10), %rdi\n"
        "    movq 8(%r10), %rsi\n"
        "    movq 16(%r10), %rdx\n"
        "    movq 24(%r10), %rcx\n"
        "    movq 32(%r10), %r8\n"
        "    movq 40(%r10), %r9\n"
        "    movl $8, %eax\n"
        "    call *%r11\n"
        "    leave\n"
        ".cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size hn_call_make, . - hn_call_make\n");

_Static_assert(offsetof(struct hn_call, floats) == 48 && offsetof(struct hn_call, stack) == 112
                   && offsetof(struct hn_call, stack_count) == 384,
               "the assembly above knows these offsets");
