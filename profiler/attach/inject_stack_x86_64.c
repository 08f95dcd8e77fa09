/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_stack.h"

#include <stddef.h>
#include <string.h>
#include <ucontext.h>

/*
 * Above the trampoline that a handler returns to lies what the kernel saved (sigreturn(2)): in it,
 * the alternate stack as it was set. One that the thread stands on now is in use.
 */
static bool is_on_alternate(const struct pf_tracee *tracee, uint64_t context_at)
{
    stack_t stack = {0};
    uint64_t sp = tracee->regs.rsp;

    if (!pf_tracee_read(tracee->pid, context_at + offsetof(ucontext_t, uc_stack), &stack,
                        sizeof stack))
        return true; /* nothing is known of it */
    uint64_t start = (uint64_t)(uintptr_t)stack.ss_sp;
    return stack.ss_size > 0 && sp >= start && sp - start < stack.ss_size;
}

void pf_inject_stack_walk(struct pf_inject_stack *out, struct pf_tracee *tracee,
                          const struct pf_code_map *map)
{
    struct pf_memory memory = {.read_word = pf_tracee_read_word, .from = &tracee->pid};
    enum pf_step step = PF_STEP_FRAME;
    enum pf_lost lost;
    struct pf_regs regs;

    pf_tracee_regs(tracee, &regs);
    out->count = 0;
    out->is_rooted = out->is_alternate = false;
    while (step == PF_STEP_FRAME && out->count < PF_INJECT_FRAMES_MAX) {
        uint64_t sp = regs.at[PF_REG_RSP];
        out->pcs[out->count] = regs.at[PF_REG_PC];
        out->is_interrupted[out->count] = (regs.known & PF_REGS_EXACT_PC) != 0;
        step = pf_unwind_step(&regs, out->count > 0, map, &memory, &lost);
        if (step == PF_STEP_FRAME && (regs.known & PF_REGS_EXACT_PC) && is_on_alternate(tracee, sp))
            out->is_alternate = true;
        out->count++;
    }
    out->is_rooted = step == PF_STEP_END;
}
