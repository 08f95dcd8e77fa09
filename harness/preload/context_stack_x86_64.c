/* SPDX-License-Identifier: MIT */
#include "harness/preload/context_stack.h"

#include <ucontext.h>

uintptr_t hn_context_stack(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
}

uintptr_t hn_context_pc(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}
