/*
 * Instructions of x86-64 that give a pc away.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/unwind/code.h"
#include "profiler/unwind/memory.h"
#include "profiler/unwind/rows_priv.h"

bool pf_code_is_sigreturn(uint64_t pc, const struct pf_memory *memory)
{
    uint64_t word = 0;

    /* 48 c7 c0 0f 00 00 00 | 0f 05 */
    if (!pf_memory_word(memory, pc, &word) || word != 0x0f0000000fc0c748U)
        return false;
    return pf_memory_word(memory, pc + 1, &word) && word >> 56 == 0x05;
}

/* call *REGISTER, *[REGISTER], *[REGISTER + disp8/32], *[rip + disp32], with or without a SIB byte:
 * ff /2 at the distance from the end that its operand asks for. code[7] is the last byte. */
static bool is_indirect_call(const uint8_t code[8])
{
    enum { DIGIT_MASK = 0x38, DIGIT_CALL = 0x10 };
    static const struct {
        uint8_t distance, mode, has_sib, is_rip;
    } forms[] = {{2, 3, 0, 0}, {2, 0, 0, 0}, {3, 0, 1, 0}, {3, 1, 0, 0},
                 {4, 1, 1, 0}, {6, 2, 0, 0}, {7, 2, 1, 0}, {6, 0, 0, 1}};

    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
        const uint8_t *at = code + 8 - forms[i].distance;
        uint8_t low = at[1] & 7;
        if (at[0] != 0xff || (at[1] & DIGIT_MASK) != DIGIT_CALL || at[1] >> 6 != forms[i].mode)
            continue;
        if (forms[i].mode == 3
            || (forms[i].has_sib == (low == 4)
                && forms[i].is_rip == (forms[i].mode == 0 && low == 5)))
            return true;
    }
    return false;
}

static bool is_after_call(uint64_t word)
{
    enum { CALL_REL32 = 0xe8 };
    uint8_t code[8];

    memcpy(code, &word, sizeof code);
    return code[3] == CALL_REL32 || is_indirect_call(code);
}

bool pf_code_is_return_addr(uint64_t value, const struct pf_code_map *map,
                            const struct pf_memory *memory)
{
    const struct pf_code *code = pf_code_find(map, value - 1);
    uint64_t word = 0;

    if (!code)
        return false;
    if (pf_memory_word(memory, value - sizeof word, &word))
        return is_after_call(word);
    return code->rows && pf_rows_find(code->rows, value - 1 - code->bias)->kind != PF_RULE_NONE;
}
