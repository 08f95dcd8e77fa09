/*
 * The caller's registers, taken where this is inlined: the unwinder's start.
 *
 * Only what the unwinder needs from a function that was called: pc, stack pointer, callee-saved
 * registers. Another architecture is another body here.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_REGS_HERE_H
#define PROFILER_AGENT_REGS_HERE_H

#include "profiler/trace/regs.h"

static inline __attribute__((always_inline)) void ag_regs_here(struct pf_regs *regs)
{
    uint64_t *at = regs->at;
    uint64_t pc;

    __asm__ volatile(
        "movq %%rbx, %c[rbx](%[at])\n\t"
        "movq %%rbp, %c[rbp](%[at])\n\t"
        "movq %%rsp, %c[rsp](%[at])\n\t"
        "movq %%r12, %c[r12](%[at])\n\t"
        "movq %%r13, %c[r13](%[at])\n\t"
        "movq %%r14, %c[r14](%[at])\n\t"
        "movq %%r15, %c[r15](%[at])\n\t"
        "leaq 0(%%rip), %[pc]\n\t"
        : [pc] "=r"(pc)
        : [at] "r"(at), [rbx] "i"(PF_REG_RBX * 8), [rbp] "i"(PF_REG_RBP * 8),
          [rsp] "i"(PF_REG_RSP * 8), [r12] "i"(PF_REG_R12 * 8), [r13] "i"(PF_REG_R13 * 8),
          [r14] "i"(PF_REG_R14 * 8), [r15] "i"(PF_REG_R15 * 8)
        : "memory");
    at[PF_REG_PC] = pc;
    regs->known = 1u << PF_REG_RBX | 1u << PF_REG_RBP | 1u << PF_REG_RSP | 1u << PF_REG_R12
                  | 1u << PF_REG_R13 | 1u << PF_REG_R14 | 1u << PF_REG_R15 | 1u << PF_REG_PC;
}

#endif
