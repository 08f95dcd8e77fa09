/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/cfi_program.h"

#include "profiler/unwind/cfi_pointer.h"

/* DWARF 5, table 7.29, and the GNU extensions. */
enum {
    CFA_ADVANCE_LOC = 0x40, /* these three carry an operand in their low six bits */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

static void set_column(struct pf_cfi_machine *machine, uint64_t column, struct pf_col col)
{
    if (column >= PF_REG_COUNT)
        return;
    machine->state.regs[column] = col;
    machine->changed = true;
}

static void set_cfa_register(struct pf_cfi_machine *machine, uint64_t reg)
{
    if (reg >= PF_REG_COUNT) {
        machine->failed = true;
        return;
    }
    machine->state.cfa.kind = PF_COL_REG;
    machine->state.cfa.reg = (uint8_t)reg;
    machine->changed = true;
}

static void set_cfa_offset(struct pf_cfi_machine *machine, int64_t offset)
{
    if (machine->state.cfa.kind != PF_COL_REG) {
        machine->failed = true;
        return;
    }
    machine->state.cfa.value = offset;
    machine->changed = true;
}

/* Wraps rather than overflows: hostile factors must not be undefined behaviour. */
static int64_t scaled(const struct pf_cfi_machine *machine, uint64_t factor)
{
    return (int64_t)(factor * (uint64_t)machine->cie.data_align);
}

static struct pf_col read_expression(struct pf_cursor *program, uint8_t kind)
{
    struct pf_bytes expr = pf_cursor_bytes(program, pf_cursor_uleb(program));

    return (struct pf_col){.expr = expr.at, .expr_bytes = (uint32_t)expr.size, .kind = kind};
}

static void restore_column(struct pf_cfi_machine *machine, uint64_t column)
{
    if (column < PF_REG_COUNT)
        set_column(machine, column, machine->initial.regs[column]);
}

static void remember(struct pf_cfi_machine *machine)
{
    if (machine->depth == PF_CFI_REMEMBER_MAX)
        machine->failed = true;
    else
        machine->remembered[machine->depth++] = machine->state;
}

static void recall(struct pf_cfi_machine *machine)
{
    if (machine->depth == 0) {
        machine->failed = true;
        return;
    }
    machine->state = machine->remembered[--machine->depth];
    machine->changed = true;
}

/* Instructions that say where the CFA is. False: not one of them. */
static bool run_cfa(struct pf_cfi_machine *machine, uint8_t op)
{
    struct pf_cursor *program = &machine->program;

    switch (op) {
    case CFA_DEF_CFA:
        set_cfa_register(machine, pf_cursor_uleb(program));
        set_cfa_offset(machine, (int64_t)pf_cursor_uleb(program));
        return true;
    case CFA_DEF_CFA_SF:
        set_cfa_register(machine, pf_cursor_uleb(program));
        set_cfa_offset(machine, scaled(machine, (uint64_t)pf_cursor_sleb(program)));
        return true;
    case CFA_DEF_CFA_REGISTER:
        if (machine->state.cfa.kind != PF_COL_REG)
            machine->failed = true;
        set_cfa_register(machine, pf_cursor_uleb(program));
        return true;
    case CFA_DEF_CFA_OFFSET:
        set_cfa_offset(machine, (int64_t)pf_cursor_uleb(program));
        return true;
    case CFA_DEF_CFA_OFFSET_SF:
        set_cfa_offset(machine, scaled(machine, (uint64_t)pf_cursor_sleb(program)));
        return true;
    case CFA_DEF_CFA_EXPRESSION:
        machine->state.cfa = read_expression(program, PF_COL_EXPR_VAL);
        machine->changed = true;
        return true;
    default:
        return false;
    }
}

/* An instruction "column, factored offset": unsigned, signed, or (GNU, obsolete) negative. */
static void run_offset(struct pf_cfi_machine *machine, uint8_t op, uint8_t kind)
{
    struct pf_cursor *program = &machine->program;
    uint64_t column = pf_cursor_uleb(program);
    uint64_t factor = 0;

    if (op == CFA_OFFSET_EXTENDED_SF || op == CFA_VAL_OFFSET_SF)
        factor = (uint64_t)pf_cursor_sleb(program);
    else
        factor = pf_cursor_uleb(program);
    if (op == CFA_GNU_NEGATIVE_OFFSET_EXTENDED)
        factor = 0 - factor;
    set_column(machine, column, (struct pf_col){.value = scaled(machine, factor), .kind = kind});
}

static void run_register(struct pf_cfi_machine *machine)
{
    uint64_t column = pf_cursor_uleb(&machine->program);
    uint64_t reg = pf_cursor_uleb(&machine->program);

    if (reg >= PF_REG_COUNT)
        set_column(machine, column, (struct pf_col){.kind = PF_COL_UNDEFINED});
    else
        set_column(machine, column, (struct pf_col){.kind = PF_COL_REG, .reg = (uint8_t)reg});
}

/* Instructions that say where one register is. False: not one of them. */
static bool run_column(struct pf_cfi_machine *machine, uint8_t op)
{
    struct pf_cursor *program = &machine->program;
    uint64_t column = 0;

    switch (op) {
    case CFA_OFFSET_EXTENDED:
    case CFA_OFFSET_EXTENDED_SF:
    case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
        run_offset(machine, op, PF_COL_AT_CFA);
        return true;
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF:
        run_offset(machine, op, PF_COL_VAL_CFA);
        return true;
    case CFA_RESTORE_EXTENDED:
        restore_column(machine, pf_cursor_uleb(program));
        return true;
    case CFA_UNDEFINED:
        set_column(machine, pf_cursor_uleb(program), (struct pf_col){.kind = PF_COL_UNDEFINED});
        return true;
    case CFA_SAME_VALUE:
        set_column(machine, pf_cursor_uleb(program), (struct pf_col){.kind = PF_COL_SAME});
        return true;
    case CFA_REGISTER:
        run_register(machine);
        return true;
    case CFA_EXPRESSION:
    case CFA_VAL_EXPRESSION:
        column = pf_cursor_uleb(program);
        set_column(
            machine, column,
            read_expression(program, op == CFA_EXPRESSION ? PF_COL_EXPR_AT : PF_COL_EXPR_VAL));
        return true;
    default:
        return false;
    }
}

/* All but those that move the location. */
static void run_other(struct pf_cfi_machine *machine, uint8_t op)
{
    switch (op) {
    case CFA_NOP:
        break;
    case CFA_REMEMBER_STATE:
        remember(machine);
        break;
    case CFA_RESTORE_STATE:
        recall(machine);
        break;
    case CFA_GNU_ARGS_SIZE: /* of interest to exceptions only */
        (void)pf_cursor_uleb(&machine->program);
        break;
    default:
        if (!run_cfa(machine, op) && !run_column(machine, op))
            machine->failed = true;
    }
}

/* Run one instruction. True if it moves the location, to *pc. */
static bool run_one(struct pf_cfi_machine *machine, uint64_t *pc)
{
    struct pf_cursor *program = &machine->program;
    uint8_t op = pf_cursor_u8(program);
    uint8_t low = op & 0x3f;
    uint64_t factor = 0;

    if (op < CFA_ADVANCE_LOC) {
        switch (op) {
        case CFA_SET_LOC:
            if (!pf_cfi_pointer(program, machine->cie.pointer_encoding, machine->section, pc))
                machine->failed = true;
            return true;
        case CFA_ADVANCE_LOC1:
            factor = pf_cursor_u8(program);
            break;
        case CFA_ADVANCE_LOC2:
            factor = pf_cursor_u16(program);
            break;
        case CFA_ADVANCE_LOC4:
            factor = pf_cursor_u32(program);
            break;
        default:
            run_other(machine, op);
            return false;
        }
    } else if (op < CFA_OFFSET) {
        factor = low;
    } else {
        if (op < CFA_RESTORE)
            set_column(machine, low,
                       (struct pf_col){.value = scaled(machine, pf_cursor_uleb(program)),
                                       .kind = PF_COL_AT_CFA});
        else
            restore_column(machine, low);
        return false;
    }
    *pc = machine->pc + factor * machine->cie.code_align;
    return true;
}

bool pf_cfi_begin_cie(struct pf_cfi_machine *machine, const struct pf_cfi_section *section,
                      const struct pf_cie *cie)
{
    uint64_t pc = 0;

    machine->state = (struct pf_cfi_state){.cfa.kind = PF_COL_UNDEFINED};
    machine->initial = machine->state;
    machine->section = section;
    machine->cie = *cie;
    machine->program = pf_cursor_view(cie->program);
    machine->pc = machine->end = 0;
    machine->depth = 0;
    machine->failed = false;
    while (pf_cursor_left(&machine->program) > 0 && !machine->failed)
        if (run_one(machine, &pc))
            machine->failed = true; /* a CIE has no location to move */
    if (machine->failed || machine->program.failed)
        return false;
    machine->initial = machine->state;
    return true;
}

void pf_cfi_begin_fde(struct pf_cfi_machine *machine, const struct pf_fde *fde)
{
    machine->state = machine->initial;
    machine->program = pf_cursor_view(fde->program);
    machine->pc = fde->start;
    machine->end = fde->end;
    machine->depth = 0;
    machine->changed = true;
    machine->failed = false;
}

/* Hand out [pc, end) and go on from end. */
static bool emit(struct pf_cfi_machine *machine, uint64_t range_end, uint64_t *start, uint64_t *end)
{
    *start = machine->pc;
    *end = range_end < machine->end ? range_end : machine->end;
    machine->pc = range_end;
    return true;
}

bool pf_cfi_next(struct pf_cfi_machine *machine, uint64_t *start, uint64_t *end)
{
    uint64_t pc = 0;

    while (machine->pc < machine->end) {
        if (pf_cursor_left(&machine->program) == 0 && !machine->program.failed)
            return emit(machine, machine->end, start, end);
        bool moved = run_one(machine, &pc);
        if (machine->failed || machine->program.failed) {
            machine->failed = true;
            return false;
        }
        if (!moved || pc == machine->pc)
            continue;
        if (pc < machine->pc) {
            machine->failed = true;
            return false;
        }
        return emit(machine, pc, start, end);
    }
    return false;
}
