/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_regs.h"

/* Where the kernel put each DWARF register: gregs of ucontext.h. */
static const unsigned char places[PF_REG_COUNT] = {
    [PF_REG_RAX] = REG_RAX, [PF_REG_RDX] = REG_RDX, [PF_REG_RCX] = REG_RCX, [PF_REG_RBX] = REG_RBX,
    [PF_REG_RSI] = REG_RSI, [PF_REG_RDI] = REG_RDI, [PF_REG_RBP] = REG_RBP, [PF_REG_RSP] = REG_RSP,
    [PF_REG_R8] = REG_R8,   [PF_REG_R9] = REG_R9,   [PF_REG_R10] = REG_R10, [PF_REG_R11] = REG_R11,
    [PF_REG_R12] = REG_R12, [PF_REG_R13] = REG_R13, [PF_REG_R14] = REG_R14, [PF_REG_R15] = REG_R15,
    [PF_REG_PC] = REG_RIP,
};

void ag_regs_of_context(const ucontext_t *context, struct pf_regs *out)
{
    for (unsigned i = 0; i < PF_REG_COUNT; i++)
        out->at[i] = (uint64_t)context->uc_mcontext.gregs[places[i]];
    out->known = (1u << PF_REG_COUNT) - 1;
}
