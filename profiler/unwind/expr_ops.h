/*
 * The DWARF expression operations that call frame information may use (DWARF 5, 2.5.1 and 7.7.1).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_EXPR_OPS_H
#define PROFILER_UNWIND_EXPR_OPS_H

enum pf_op {
    PF_OP_ADDR = 0x03,
    PF_OP_DEREF = 0x06,
    PF_OP_CONST1U = 0x08,
    PF_OP_CONST1S = 0x09,
    PF_OP_CONST2U = 0x0a,
    PF_OP_CONST2S = 0x0b,
    PF_OP_CONST4U = 0x0c,
    PF_OP_CONST4S = 0x0d,
    PF_OP_CONST8U = 0x0e,
    PF_OP_CONST8S = 0x0f,
    PF_OP_CONSTU = 0x10,
    PF_OP_CONSTS = 0x11,
    PF_OP_DUP = 0x12,
    PF_OP_DROP = 0x13,
    PF_OP_OVER = 0x14,
    PF_OP_PICK = 0x15,
    PF_OP_SWAP = 0x16,
    PF_OP_ROT = 0x17,
    PF_OP_ABS = 0x19,
    PF_OP_AND = 0x1a,
    PF_OP_DIV = 0x1b,
    PF_OP_MINUS = 0x1c,
    PF_OP_MOD = 0x1d,
    PF_OP_MUL = 0x1e,
    PF_OP_NEG = 0x1f,
    PF_OP_NOT = 0x20,
    PF_OP_OR = 0x21,
    PF_OP_PLUS = 0x22,
    PF_OP_PLUS_UCONST = 0x23,
    PF_OP_SHL = 0x24,
    PF_OP_SHR = 0x25,
    PF_OP_SHRA = 0x26,
    PF_OP_XOR = 0x27,
    PF_OP_BRA = 0x28,
    PF_OP_EQ = 0x29,
    PF_OP_GE = 0x2a,
    PF_OP_GT = 0x2b,
    PF_OP_LE = 0x2c,
    PF_OP_LT = 0x2d,
    PF_OP_NE = 0x2e,
    PF_OP_SKIP = 0x2f,
    PF_OP_LIT0 = 0x30,
    PF_OP_LIT3 = 0x33,
    PF_OP_LIT15 = 0x3f,
    PF_OP_LIT31 = 0x4f,
    PF_OP_BREG0 = 0x70,
    PF_OP_BREG7 = 0x77,
    PF_OP_BREG16 = 0x80,
    PF_OP_BREG31 = 0x8f,
    PF_OP_BREGX = 0x92,
    PF_OP_DEREF_SIZE = 0x94,
    PF_OP_NOP = 0x96,
};

#endif
