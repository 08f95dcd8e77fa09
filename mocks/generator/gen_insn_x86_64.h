/*
 * The length of an x86-64 instruction, and where a direct call or jump leads.
 *
 * Assemblers resolve jumps within a section without a relocation, so only the code itself shows
 * them. No instruction is understood beyond its length (Intel SDM volume 2, chapter 2, appendix A).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_INSN_X86_64_H
#define MOCKS_GENERATOR_GEN_INSN_X86_64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mk_gen_branch { MK_GEN_NO_BRANCH, MK_GEN_JUMP, MK_GEN_CALL };

struct mk_gen_insn {
    unsigned size; /* bytes */
    enum mk_gen_branch branch;
    unsigned field_size;  /* of the displacement in a branch: 1 or 4 bytes */
    int32_t displacement; /* from the instruction's end */
};

/* False if the bytes begin no known instruction, or end within it. */
bool mk_gen_insn_read(struct mk_gen_insn *out, const uint8_t *at, size_t size);

#endif
