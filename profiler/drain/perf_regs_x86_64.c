/*
 * The kernel's order of registers in a sample on x86-64 (asm/perf_regs.h) against DWARF's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/drain/perf_regs.h"

#include <asm/perf_regs.h>

struct pairing {
    uint8_t perf, dwarf;
};

/* In rising order of the kernel's numbers: the order of the words. */
static const struct pairing pairings[] = {
    {PERF_REG_X86_AX, PF_REG_RAX},  {PERF_REG_X86_BX, PF_REG_RBX},  {PERF_REG_X86_CX, PF_REG_RCX},
    {PERF_REG_X86_DX, PF_REG_RDX},  {PERF_REG_X86_SI, PF_REG_RSI},  {PERF_REG_X86_DI, PF_REG_RDI},
    {PERF_REG_X86_BP, PF_REG_RBP},  {PERF_REG_X86_SP, PF_REG_RSP},  {PERF_REG_X86_IP, PF_REG_PC},
    {PERF_REG_X86_R8, PF_REG_R8},   {PERF_REG_X86_R9, PF_REG_R9},   {PERF_REG_X86_R10, PF_REG_R10},
    {PERF_REG_X86_R11, PF_REG_R11}, {PERF_REG_X86_R12, PF_REG_R12}, {PERF_REG_X86_R13, PF_REG_R13},
    {PERF_REG_X86_R14, PF_REG_R14}, {PERF_REG_X86_R15, PF_REG_R15},
};

enum { PAIRING_COUNT = sizeof pairings / sizeof pairings[0] };

uint64_t pf_perf_regs_mask(void)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < PAIRING_COUNT; i++)
        mask |= UINT64_C(1) << pairings[i].perf;
    return mask;
}

void pf_perf_regs_decode(struct pf_regs *out, struct pf_cursor *cursor)
{
    out->known = 0;
    for (unsigned i = 0; i < PAIRING_COUNT; i++) {
        out->at[pairings[i].dwarf] = pf_cursor_u64(cursor);
        out->known |= 1u << pairings[i].dwarf;
    }
}
