/*
 * The registers an unwinder needs, as DWARF numbers them for x86-64 (psABI 1.0, figure 3.36).
 *
 * What a caller may still rely on after a call (rbx, rbp, r12-r15), the stack pointer, the pc; the
 * others are known only in the innermost frame, where a signal frame or an expression may ask.
 * Another architecture is another regs_*.h chosen here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_REGS_H
#define PROFILER_TRACE_REGS_H

#include <stdint.h>

enum pf_reg {
    PF_REG_RAX,
    PF_REG_RDX,
    PF_REG_RCX,
    PF_REG_RBX,
    PF_REG_RSI,
    PF_REG_RDI,
    PF_REG_RBP,
    PF_REG_RSP,
    PF_REG_R8,
    PF_REG_R9,
    PF_REG_R10,
    PF_REG_R11,
    PF_REG_R12,
    PF_REG_R13,
    PF_REG_R14,
    PF_REG_R15,
    PF_REG_PC, /* DWARF's return-address column, 16 */
    PF_REG_COUNT,
};

struct pf_regs {
    uint64_t at[PF_REG_COUNT];
    uint32_t known; /* bit n: at[n] is meaningful; PC and RSP always are */
};

#endif
