/*
 * Runs the call frame instructions of one function: from bytes to one state per range of pcs.
 *
 * Pull style: pf_cfi_next gives range after range in ascending order. The state says where the
 * caller's registers are; making a compact rule of it is rule.h's work.
 *
 * Format: DWARF 5, 6.4.2; DW_CFA_GNU_args_size and its kin from the LSB. Columns above the
 * registers of trace/regs.h (vector registers) are parsed and forgotten.
 *
 * Context: pure. struct pf_cfi_machine is large (about 6 KiB): it belongs into scratch memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_CFI_PROGRAM_H
#define PROFILER_UNWIND_CFI_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/regs.h"
#include "profiler/unwind/cfi_entry.h"

enum { PF_CFI_REMEMBER_MAX = 16 }; /* nested DW_CFA_remember_state; compilers use 1 */

enum pf_col_kind {
    PF_COL_SAME, /* unchanged, or never mentioned */
    PF_COL_UNDEFINED,
    PF_COL_AT_CFA,  /* saved at CFA + value */
    PF_COL_VAL_CFA, /* is CFA + value */
    PF_COL_REG,     /* is in register reg, plus value (the CFA's usual rule) */
    PF_COL_EXPR_AT, /* saved where the expression says */
    PF_COL_EXPR_VAL,
    PF_COL_REG_AT, /* saved at register reg + value: a compiled expression */
};

/* Where one register, or the CFA itself, comes from. */
struct pf_col {
    union {
        int64_t value;
        const uint8_t *expr;
    };
    uint32_t expr_bytes;
    uint8_t kind;
    uint8_t reg;
};

struct pf_cfi_state {
    struct pf_col cfa;
    struct pf_col regs[PF_REG_COUNT];
};

struct pf_cfi_machine {
    struct pf_cfi_state state;
    struct pf_cfi_state initial; /* what the CIE's program leaves: DW_CFA_restore's aim */
    struct pf_cfi_state remembered[PF_CFI_REMEMBER_MAX];
    const struct pf_cfi_section *section;
    struct pf_cie cie;
    struct pf_cursor program;
    uint64_t pc, end;
    uint32_t depth;
    bool changed; /* state differs from what the last pf_cfi_next returned, perhaps */
    bool failed;
};

/* Run a CIE's program; machine then serves all FDEs of that CIE. False where it is malformed. */
bool pf_cfi_begin_cie(struct pf_cfi_machine *machine, const struct pf_cfi_section *section,
                      const struct pf_cie *cie);

void pf_cfi_begin_fde(struct pf_cfi_machine *machine, const struct pf_fde *fde);

/*
 * The next range [*start, *end) in which machine->state holds. False at the end of the function, or
 * where an instruction is malformed (machine->failed): what came before stands.
 */
bool pf_cfi_next(struct pf_cfi_machine *machine, uint64_t *start, uint64_t *end);

#endif
