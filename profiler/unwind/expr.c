/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/expr.h"

#include "profiler/unwind/expr_ops.h"
#include "profiler/unwind/memory.h"

struct eval {
    const struct pf_expr_input *input;
    struct pf_cursor cursor;
    uint64_t stack[PF_EXPR_STACK];
    unsigned depth;
    enum pf_lost lost; /* PF_LOST_NOT while all is well */
};

static void push(struct eval *eval, uint64_t value)
{
    if (eval->depth == PF_EXPR_STACK)
        eval->lost = PF_LOST_EXPRESSION;
    else
        eval->stack[eval->depth++] = value;
}

static uint64_t pop(struct eval *eval)
{
    if (eval->depth == 0) {
        eval->lost = PF_LOST_EXPRESSION;
        return 0;
    }
    return eval->stack[--eval->depth];
}

/* The item index places below the top. */
static void pick(struct eval *eval, unsigned index)
{
    if (index >= eval->depth)
        eval->lost = PF_LOST_EXPRESSION;
    else
        push(eval, eval->stack[eval->depth - 1 - index]);
}

static void push_register(struct eval *eval, uint64_t reg)
{
    int64_t offset = pf_cursor_sleb(&eval->cursor);

    if (reg >= PF_REG_COUNT)
        eval->lost = PF_LOST_EXPRESSION;
    else if (!(eval->input->regs->known & 1U << reg))
        eval->lost = PF_LOST_NO_REGISTER;
    else
        push(eval, eval->input->regs->at[reg] + (uint64_t)offset);
}

static void deref(struct eval *eval, unsigned bytes)
{
    uint64_t addr = pop(eval);
    uint64_t word = 0;

    if (eval->lost != PF_LOST_NOT)
        return;
    if (bytes == 0 || bytes > sizeof word)
        eval->lost = PF_LOST_EXPRESSION;
    else if (!pf_memory_word(eval->input->memory, addr, &word))
        eval->lost = pf_memory_why(eval->input->memory, addr);
    else
        push(eval, bytes == sizeof word ? word : word & ((1ULL << 8 * bytes) - 1));
}

/* Operations that only push a constant. False: not one. */
static bool run_constant(struct eval *eval, uint8_t op)
{
    struct pf_cursor *cursor = &eval->cursor;

    switch (op) {
    case PF_OP_ADDR:
    case PF_OP_CONST8U:
    case PF_OP_CONST8S:
        push(eval, pf_cursor_u64(cursor));
        return true;
    case PF_OP_CONST1U:
        push(eval, pf_cursor_u8(cursor));
        return true;
    case PF_OP_CONST1S:
        push(eval, (uint64_t)(int64_t)(int8_t)pf_cursor_u8(cursor));
        return true;
    case PF_OP_CONST2U:
        push(eval, pf_cursor_u16(cursor));
        return true;
    case PF_OP_CONST2S:
        push(eval, (uint64_t)(int64_t)(int16_t)pf_cursor_u16(cursor));
        return true;
    case PF_OP_CONST4U:
        push(eval, pf_cursor_u32(cursor));
        return true;
    case PF_OP_CONST4S:
        push(eval, (uint64_t)(int64_t)(int32_t)pf_cursor_u32(cursor));
        return true;
    case PF_OP_CONSTU:
        push(eval, pf_cursor_uleb(cursor));
        return true;
    case PF_OP_CONSTS:
        push(eval, (uint64_t)pf_cursor_sleb(cursor));
        return true;
    default:
        return false;
    }
}

static void swap(struct eval *eval)
{
    uint64_t top = pop(eval);
    uint64_t next = pop(eval);

    push(eval, top);
    push(eval, next);
}

/* The top becomes the third. */
static void rotate(struct eval *eval)
{
    uint64_t top = pop(eval);
    uint64_t second = pop(eval);
    uint64_t third = pop(eval);

    push(eval, top);
    push(eval, third);
    push(eval, second);
}

/* Operations on the stack itself. False: not one. */
static bool run_stack(struct eval *eval, uint8_t op)
{
    switch (op) {
    case PF_OP_DUP:
        pick(eval, 0);
        return true;
    case PF_OP_DROP:
        (void)pop(eval);
        return true;
    case PF_OP_OVER:
        pick(eval, 1);
        return true;
    case PF_OP_PICK:
        pick(eval, pf_cursor_u8(&eval->cursor));
        return true;
    case PF_OP_SWAP:
        swap(eval);
        return true;
    case PF_OP_ROT:
        rotate(eval);
        return true;
    default:
        return false;
    }
}

/* Operations on the top alone. False: not one. */
static bool run_unary(struct eval *eval, uint8_t op)
{
    uint64_t value = 0;

    switch (op) {
    case PF_OP_DEREF:
        deref(eval, 8);
        return true;
    case PF_OP_DEREF_SIZE:
        deref(eval, pf_cursor_u8(&eval->cursor));
        return true;
    case PF_OP_ABS:
        value = pop(eval);
        push(eval, value >> 63 ? 0 - value : value);
        return true;
    case PF_OP_NEG:
        push(eval, 0 - pop(eval));
        return true;
    case PF_OP_NOT:
        push(eval, ~pop(eval));
        return true;
    case PF_OP_PLUS_UCONST:
        value = pf_cursor_uleb(&eval->cursor);
        push(eval, pop(eval) + value);
        return true;
    case PF_OP_NOP:
        return true;
    default:
        return false;
    }
}

static uint64_t shift_right_signed(uint64_t value, uint64_t by)
{
    uint64_t sign = value >> 63 ? UINT64_MAX : 0;

    if (by >= 64)
        return sign;
    return by == 0 ? value : value >> by | sign << (64 - by);
}

/* Signed division as DWARF wants it, without the two cases C leaves undefined. */
static uint64_t divide(struct eval *eval, int64_t a, int64_t b)
{
    if (b == 0) {
        eval->lost = PF_LOST_EXPRESSION;
        return 0;
    }
    return b == -1 ? 0 - (uint64_t)a : (uint64_t)(a / b);
}

static uint64_t modulo(struct eval *eval, uint64_t a, uint64_t b)
{
    if (b == 0) {
        eval->lost = PF_LOST_EXPRESSION;
        return 0;
    }
    return a % b;
}

static uint64_t compare(uint8_t op, int64_t a, int64_t b)
{
    switch (op) {
    case PF_OP_EQ:
        return a == b;
    case PF_OP_GE:
        return a >= b;
    case PF_OP_GT:
        return a > b;
    case PF_OP_LE:
        return a <= b;
    case PF_OP_LT:
        return a < b;
    default:
        return a != b;
    }
}

static uint64_t arithmetic(struct eval *eval, uint8_t op, uint64_t a, uint64_t b)
{
    switch (op) {
    case PF_OP_AND:
        return a & b;
    case PF_OP_DIV:
        return divide(eval, (int64_t)a, (int64_t)b);
    case PF_OP_MINUS:
        return a - b;
    case PF_OP_MOD:
        return modulo(eval, a, b);
    case PF_OP_MUL:
        return a * b;
    case PF_OP_OR:
        return a | b;
    case PF_OP_PLUS:
        return a + b;
    case PF_OP_SHL:
        return b < 64 ? a << b : 0;
    case PF_OP_SHR:
        return b < 64 ? a >> b : 0;
    case PF_OP_SHRA:
        return shift_right_signed(a, b);
    case PF_OP_XOR:
        return a ^ b;
    case PF_OP_EQ:
    case PF_OP_GE:
    case PF_OP_GT:
    case PF_OP_LE:
    case PF_OP_LT:
    case PF_OP_NE:
        return compare(op, (int64_t)a, (int64_t)b);
    default:
        eval->lost = PF_LOST_EXPRESSION;
        return 0;
    }
}

static void run_binary(struct eval *eval, uint8_t op)
{
    uint64_t b = pop(eval);
    uint64_t a = pop(eval);

    if (eval->lost == PF_LOST_NOT)
        push(eval, arithmetic(eval, op, a, b));
}

static void jump(struct eval *eval, bool taken)
{
    int64_t distance = (int16_t)pf_cursor_u16(&eval->cursor);
    const uint8_t *start = eval->input->expr.at;

    if (eval->cursor.failed || !taken)
        return;
    if (distance < start - eval->cursor.at || distance > eval->cursor.end - eval->cursor.at)
        eval->lost = PF_LOST_EXPRESSION;
    else
        eval->cursor.at += distance;
}

static void run_one(struct eval *eval)
{
    uint8_t op = pf_cursor_u8(&eval->cursor);

    if (op >= PF_OP_LIT0 && op <= PF_OP_LIT31)
        push(eval, op - (uint64_t)PF_OP_LIT0);
    else if (op >= PF_OP_BREG0 && op <= PF_OP_BREG31)
        push_register(eval, op - (uint64_t)PF_OP_BREG0);
    else if (op == PF_OP_BREGX)
        push_register(eval, pf_cursor_uleb(&eval->cursor));
    else if (op == PF_OP_SKIP)
        jump(eval, true);
    else if (op == PF_OP_BRA)
        jump(eval, pop(eval) != 0);
    else if (!run_constant(eval, op) && !run_stack(eval, op) && !run_unary(eval, op))
        run_binary(eval, op);
}

bool pf_expr_eval(const struct pf_expr_input *input, uint64_t *value, enum pf_lost *lost)
{
    struct eval eval = {.input = input, .cursor = pf_cursor_view(input->expr)};

    if (input->has_cfa)
        push(&eval, input->cfa);
    for (int step = 0; pf_cursor_left(&eval.cursor) > 0 && eval.lost == PF_LOST_NOT; step++) {
        if (step == PF_EXPR_STEPS)
            eval.lost = PF_LOST_EXPRESSION;
        else
            run_one(&eval);
        if (eval.cursor.failed)
            eval.lost = PF_LOST_EXPRESSION;
    }
    uint64_t top = pop(&eval);
    if (eval.lost != PF_LOST_NOT) {
        *lost = eval.lost;
        return false;
    }
    *value = top;
    return true;
}
