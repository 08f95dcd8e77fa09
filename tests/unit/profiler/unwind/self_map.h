/*
 * The code map of our own process, from what the loader has mapped: for tests and benchmarks.
 *
 * Rows are compiled from memory (.eh_frame_hdr and what it leads to), for the vDSO too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_UNWIND_SELF_MAP_H
#define TESTS_UNIT_PROFILER_UNWIND_SELF_MAP_H

#include "profiler/unwind/rows.h"
#include "profiler/unwind/step.h"

enum { TS_SELF_MAP_MAX = 256 };

struct ts_self_map {
    struct pf_code codes[TS_SELF_MAP_MAX];
    size_t count;
    size_t rows_bytes, row_count; /* of all objects */
};

/* Never freed: a process builds one. Ends the process if something is wrong. */
void ts_self_map_build(struct ts_self_map *out);

struct pf_code_map ts_self_map_view(const struct ts_self_map *map);

/* The calling thread's stack from low to its end, readable as it is, and nothing else. */
struct pf_memory ts_self_stack(const void *low);

/* The registers here: what a callee saves, the stack pointer and this very pc. */
static inline __attribute__((always_inline)) void ts_self_regs(struct pf_regs *regs)
{
    __asm__ volatile("leaq 0(%%rip), %%rax\n\t"
                     "movq %%rbx, 24(%0)\n\t"
                     "movq %%rbp, 48(%0)\n\t"
                     "movq %%rsp, 56(%0)\n\t"
                     "movq %%r12, 96(%0)\n\t"
                     "movq %%r13, 104(%0)\n\t"
                     "movq %%r14, 112(%0)\n\t"
                     "movq %%r15, 120(%0)\n\t"
                     "movq %%rax, 128(%0)"
                     :
                     : "r"(regs->at)
                     : "rax", "memory");
    regs->known = 1U << PF_REG_RBX | 1U << PF_REG_RBP | 1U << PF_REG_RSP | 1U << PF_REG_R12
                  | 1U << PF_REG_R13 | 1U << PF_REG_R14 | 1U << PF_REG_R15 | 1U << PF_REG_PC;
}

#endif
