/* SPDX-License-Identifier: MIT */
#include "harness/preload/context_stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, ROOM_BYTES = 64 * 1024, GAP_PAGES = 512 };

uintptr_t hn_context_stack(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
}

uintptr_t hn_context_pc(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static bool map_at(uintptr_t at, size_t size)
{
    void *got = mmap((void *)at, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (got != MAP_FAILED && (uintptr_t)got != at) { /* a kernel that takes it for a wish */
        (void)munmap(got, size);
        errno = ENOMEM;
        return false;
    }
    return got != MAP_FAILED;
}

/* Below the stack pointer, so that stack and room are one piece of memory. */
static bool make_room(uintptr_t stack)
{
    uintptr_t page = stack & ~(uintptr_t)(PAGE - 1);

    if (!map_at(page - ROOM_BYTES, ROOM_BYTES + PAGE)) /* its own page may be there */
        return errno == EEXIST && map_at(page - ROOM_BYTES, ROOM_BYTES);
    for (unsigned i = 0; i < GAP_PAGES && map_at(page + PAGE, PAGE); i++)
        page += PAGE; /* up to where the stack is: a large frame leaps over its end */
    return true;
}

/* What an overflowed thread goes on with: the stack pointer is what it was, aligned or not. The
 * frame pointer's frame is one that any unwinder can step out of. */
__asm__(".text\n"
        ".hidden hn_overflow_entry\n"
        ".globl hn_overflow_entry\n"
        ".type hn_overflow_entry, @function\n"
        "hn_overflow_entry:\n"
        "    .cfi_startproc\n"
        "    push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    and $-16, %rsp\n"
        "    call hn_crash_overflow\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size hn_overflow_entry, . - hn_overflow_entry\n");
extern void hn_overflow_entry(void);

bool hn_context_call_overflow(void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t stack = (uintptr_t)regs[REG_RSP] - sizeof(uintptr_t);
    uintptr_t return_address = (uintptr_t)regs[REG_RIP] + 1; /* looked up as the one before */

    if (!make_room(stack))
        return false;
    memcpy((void *)stack, &return_address, sizeof return_address);
    regs[REG_RSP] = (greg_t)stack;
    regs[REG_RIP] = (greg_t)(uintptr_t)hn_overflow_entry;
    return true;
}
