/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/expr_form.h"

#include "profiler/trace/regs.h"
#include "profiler/unwind/expr_ops.h"

bool pf_expr_is_register(struct pf_bytes expr, uint8_t *reg, int32_t *offset, bool *deref)
{
    struct pf_cursor cursor = pf_cursor_view(expr);
    uint64_t number = pf_cursor_u8(&cursor);

    if (number >= PF_OP_BREG0 && number <= PF_OP_BREG31)
        number -= PF_OP_BREG0;
    else if (number == PF_OP_BREGX)
        number = pf_cursor_uleb(&cursor);
    else
        return false;
    int64_t value = pf_cursor_sleb(&cursor);
    bool has_more = pf_cursor_left(&cursor) > 0;
    if (has_more && pf_cursor_u8(&cursor) != PF_OP_DEREF)
        return false;
    if (cursor.failed || pf_cursor_left(&cursor) > 0 || number >= PF_REG_COUNT || value < INT32_MIN
        || value > INT32_MAX)
        return false;
    *reg = (uint8_t)number;
    *offset = (int32_t)value;
    *deref = has_more;
    return true;
}

bool pf_expr_is_plt(struct pf_bytes expr, int32_t *split)
{
    /* breg7(rsp)+8 breg16(rip)+0 lit15 and litN ge lit3 shl plus */
    static const uint8_t form[] = {PF_OP_BREG7, 8, PF_OP_BREG16, 0,          PF_OP_LIT15,
                                   PF_OP_AND,   0, PF_OP_GE,     PF_OP_LIT3, PF_OP_SHL,
                                   PF_OP_PLUS};
    enum { LITERAL = 6 };
    const uint8_t *at = expr.at;

    if (expr.size != sizeof form)
        return false;
    for (unsigned i = 0; i < sizeof form; i++)
        if (i != LITERAL && at[i] != form[i])
            return false;
    if (at[LITERAL] < PF_OP_LIT0 || at[LITERAL] > PF_OP_LIT15)
        return false;
    *split = at[LITERAL] - PF_OP_LIT0;
    return true;
}
